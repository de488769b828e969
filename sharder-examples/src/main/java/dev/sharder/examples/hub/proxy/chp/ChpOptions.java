package dev.sharder.examples.hub.proxy.chp;

import dev.sharder.InvalidValueException;
import dev.sharder.examples.hub.proxy.ForwardedHeaders;
import dev.sharder.examples.hub.proxy.ProxyLimits;
import dev.sharder.examples.hub.proxy.Rewrites;
import dev.sharder.examples.hub.proxy.tls.TlsFiles;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Optional;

/**
 * How a proxy with CHP's API works.
 *
 * @param listen where it listens
 * @param tls how it shows who it is
 * @param token what each request of the API must show; empty for an open API
 * @param defaultTarget where requests go that no route is for
 * @param routing how routes apply to requests
 * @param rewrites what is changed on the way
 * @param forwarded what targets learn about clients; empty for nothing
 * @param limits how much and how long it takes
 * @param pages whose error pages clients see
 * @param files what it keeps on disk
 */
public record ChpOptions(
    Ports listen,
    Certificates tls,
    Optional<String> token,
    Optional<String> defaultTarget,
    Routing routing,
    Rewrites rewrites,
    Optional<ForwardedHeaders> forwarded,
    ProxyLimits limits,
    Pages pages,
    KeptFiles files) {

  /**
   * Where it listens.
   *
   * @param proxy for clients
   * @param api for the hub
   * @param metrics for Prometheus
   * @param redirect for clients without TLS, which are sent to TLS
   */
  public record Ports(
      InetSocketAddress proxy,
      InetSocketAddress api,
      Optional<InetSocketAddress> metrics,
      Optional<Redirect> redirect) {

    public Ports {
      if (isSame(proxy, api)) {
        throw new InvalidValueException(
            "the proxy and the API both use port %d, so anyone could change routes; choose another with --api-port"
                .formatted(proxy.getPort()));
      }
    }

    private static boolean isSame(InetSocketAddress one, InetSocketAddress other) {
      return one.getPort() == other.getPort()
          && one.getPort() != 0
          && (one.getAddress().equals(other.getAddress())
              || one.getAddress().isAnyLocalAddress()
              || other.getAddress().isAnyLocalAddress());
    }
  }

  /**
   * A port whose clients are sent to TLS.
   *
   * @param to the port that they are sent to; empty for that of the proxy
   */
  public record Redirect(InetSocketAddress from, Optional<Integer> to) {}

  /**
   * How it shows who it is.
   *
   * @param proxy to clients; empty for no TLS
   * @param api to the hub; empty for no TLS
   * @param target to targets with https
   * @param verifiesTargets whether these must prove their names
   */
  public record Certificates(
      Optional<TlsFiles> proxy, Optional<TlsFiles> api, TlsFiles target, boolean verifiesTargets) {

    /** No TLS, but to targets with https, which must prove their names. */
    public static final Certificates NONE =
        new Certificates(Optional.empty(), Optional.empty(), TlsFiles.NONE, true);
  }

  /**
   * Whose error pages clients see; those of the proxy if nothing is named.
   *
   * @param target the URL of a server that has them
   * @param folder where their files are
   */
  public record Pages(Optional<String> target, Optional<Path> folder) {

    /** The pages of the proxy. */
    public static final Pages BUILT_IN = new Pages(Optional.empty(), Optional.empty());

    public Pages {
      if (target.isPresent() && folder.isPresent()) {
        throw new InvalidValueException(
            "error pages come from a server or from a folder; give only one of --error-target and --error-path");
      }
    }
  }

  /**
   * What it keeps on disk.
   *
   * @param pid the id of its process, while it runs
   * @param routes the routes, over a restart
   */
  public record KeptFiles(Optional<Path> pid, Optional<Path> routes) {

    /** Nothing. */
    public static final KeptFiles NONE = new KeptFiles(Optional.empty(), Optional.empty());
  }

  /** Returns options with nothing but ports, and a token. */
  public static ChpOptions of(Ports listen, Optional<String> token) {
    return new ChpOptions(
        listen,
        Certificates.NONE,
        token,
        Optional.empty(),
        Routing.DEFAULT,
        Rewrites.NONE,
        Optional.empty(),
        ProxyLimits.defaults(),
        Pages.BUILT_IN,
        KeptFiles.NONE);
  }
}
