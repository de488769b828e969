package dev.sharder.examples.hub.cli;

import dev.sharder.examples.hub.proxy.chp.ChpOptions;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of configurable-http-proxy for where it listens. */
final class ChpPortOptions {

  private static final int MOST_PORT = 65_535;

  @Option(
      names = "--ip",
      paramLabel = "ADDRESS",
      description = "where clients connect (default: all addresses)")
  private String ip = "";

  @Option(
      names = "--port",
      paramLabel = "PORT",
      defaultValue = "8000",
      description = "the port for clients (default: ${DEFAULT-VALUE}; 0: any that is free)")
  private Integer port = 8000;

  @Option(
      names = "--api-ip",
      paramLabel = "ADDRESS",
      defaultValue = "localhost",
      description = "where the hub connects (default: ${DEFAULT-VALUE})")
  private String apiIp = "localhost";

  @Option(
      names = "--api-port",
      paramLabel = "PORT",
      description = "the port of the API (default: the one after --port)")
  private @Nullable Integer apiPort;

  @Option(
      names = "--metrics-ip",
      paramLabel = "ADDRESS",
      description = "where Prometheus connects (default: all addresses)")
  private String metricsIp = "";

  @Option(
      names = "--metrics-port",
      paramLabel = "PORT",
      description = "the port of the metrics (default: no metrics)")
  private @Nullable Integer metricsPort;

  @Option(
      names = "--redirect-port",
      paramLabel = "PORT",
      description = "a port at --ip whose clients are sent to https")
  private @Nullable Integer redirectPort;

  @Option(
      names = "--redirect-to",
      paramLabel = "PORT",
      description = "the port that they are sent to (default: that of --port)")
  private @Nullable Integer redirectTo;

  @Option(
      names = {"--socket", "--api-socket", "--metrics-socket"},
      paramLabel = "PATH",
      description = "not available: the proxy listens on ports alone")
  private @Nullable String socket;

  /** Returns where to listen. */
  ChpOptions.Ports ports(boolean hasTls) {
    if (socket != null) {
      throw new UsageException(
          "the proxy cannot listen on the Unix socket '%s'; give an address and a port"
              .formatted(socket));
    }
    if (redirectPort != null && !hasTls) {
      throw new UsageException(
          "--redirect-port sends clients to https, which needs --ssl-key and --ssl-cert");
    }
    return new ChpOptions.Ports(
        address("--ip", ip, "--port", port),
        address("--api-ip", apiIp, "--api-port", apiPort == null ? next(port) : apiPort),
        Optional.ofNullable(metricsPort)
            .map(open -> address("--metrics-ip", metricsIp, "--metrics-port", open)),
        Optional.ofNullable(redirectPort).map(this::redirect));
  }

  /** A port that the system chooses has no next one. */
  private static int next(int port) {
    return port == 0 ? 0 : port + 1;
  }

  private ChpOptions.Redirect redirect(int from) {
    if (redirectTo != null && (redirectTo < 1 || redirectTo > MOST_PORT)) {
      throw new UsageException(
          "--redirect-to %d is not a port number; use one from 1 to %d"
              .formatted(redirectTo, MOST_PORT));
    }
    return new ChpOptions.Redirect(
        address("--ip", ip, "--redirect-port", from), Optional.ofNullable(redirectTo));
  }

  private static InetSocketAddress address(
      String hostOption, String host, String option, int port) {
    if (port > MOST_PORT) {
      throw new UsageException(
          "%s %d is not a port number; use one from 1 to %d".formatted(option, port, MOST_PORT));
    }
    try {
      return host.isEmpty() || host.equals("*")
          ? new InetSocketAddress(port)
          : new InetSocketAddress(InetAddress.getByName(host), port);
    } catch (UnknownHostException unknown) {
      throw new UsageException(
          "%s '%s' is neither an IP address nor a host name that resolves; give one such as 127.0.0.1"
              .formatted(hostOption, host));
    }
  }
}
