package dev.sharder.examples.hub.proxy.hubs;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.sharder.examples.hub.proxy.Target;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks hubs for a path, by connections of its own that end with the first line of the answer. Any
 * answer below 500 is a good one. (Java's HttpClient speaks to no Unix socket, and leaves the
 * connection open to a server that does not speak HTTP.)
 */
final class HealthCheck implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(HealthCheck.class);

  private static final Duration LIMIT = Duration.ofSeconds(5);

  /**
   * How long the addresses of a name are used if it cannot be looked up again; the proxy does the
   * same. A name server that restarts takes no hub down.
   */
  private static final long KEPT = Duration.ofSeconds(30).toNanos();

  private static final Pattern STATUS = Pattern.compile("HTTP/1\\.[0-9] ([1-5][0-9]{2})");
  private static final int STATUS_LENGTH = "HTTP/1.1 200".length();
  private static final char FIRST_OF_ERRORS = '5';

  /** The path by the name of the hub. */
  private final UnaryOperator<String> path;

  private final Duration limit;
  private final NameLookup lookup;
  private final Map<String, KnownName> known = new ConcurrentHashMap<>();
  private final ExecutorService askers = Executors.newCachedThreadPool(daemons("sharder-check"));
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(daemons("sharder-check-clock"));

  /**
   * What a check found.
   *
   * @param state unknown if this process could not even ask
   * @param reason what is wrong; empty for a hub that is up
   */
  record CheckResult(HubState state, String reason) {

    static final CheckResult UP = new CheckResult(HubState.UP, "");
  }

  /** Asks the system for the addresses of a name, and waits for it. */
  interface NameLookup {
    InetAddress[] of(String host) throws UnknownHostException;
  }

  /** The addresses of a name, and when the system said so. */
  private record KnownName(List<InetAddress> addresses, long since) {}

  /** This process has no socket to ask with, which says nothing about a hub. */
  private static final class NoSocketException extends IOException {

    private static final long serialVersionUID = 1L;

    NoSocketException(IOException cause) {
      super(cause.getMessage(), cause);
    }
  }

  HealthCheck(UnaryOperator<String> path) {
    this(path, LIMIT, InetAddress::getAllByName);
  }

  /**
   * Creates a check.
   *
   * @param path returns what a hub is asked for, by its name
   * @param limit how long a hub may take to answer
   * @param lookup finds the addresses of a name
   */
  HealthCheck(UnaryOperator<String> path, Duration limit, NameLookup lookup) {
    this.path = path;
    this.limit = limit;
    this.lookup = lookup;
  }

  private static ThreadFactory daemons(String name) {
    return work -> {
      Thread thread = new Thread(work, name);
      thread.setDaemon(true);
      return thread;
    };
  }

  /** Checks a hub without waiting for it; the stage never fails. */
  CompletionStage<CheckResult> of(Hub hub) {
    return CompletableFuture.supplyAsync(() -> ask(hub), askers);
  }

  /** Tries one address of the hub's name after the other until one takes the connection. */
  private CheckResult ask(Hub hub) {
    CheckResult last = new CheckResult(HubState.DOWN, "its name has no address");
    try {
      for (SocketAddress address : addresses(hub.target())) {
        last = ask(hub, address);
        if (last.state() != HubState.DOWN) {
          return last;
        }
      }
    } catch (IOException | RuntimeException | Error failure) {
      return failed(failure);
    }
    return last;
  }

  private CheckResult ask(Hub hub, SocketAddress address) {
    Target target = hub.target();
    AtomicBoolean isLate = new AtomicBoolean();
    boolean isConnected = false;
    try (SocketChannel channel = open(target)) {
      Future<?> end =
          clock.schedule(
              () -> {
                isLate.set(true);
                close(channel);
              },
              limit.toMillis(),
              TimeUnit.MILLISECONDS);
      try {
        channel.connect(address);
        isConnected = true;
        return answer(hub, channel);
      } finally {
        end.cancel(false);
      }
    } catch (IOException | RuntimeException failure) {
      return isLate.get() ? late(isConnected) : failed(failure);
    }
  }

  private static SocketChannel open(Target target) throws NoSocketException {
    try {
      return target.isUnix()
          ? SocketChannel.open(StandardProtocolFamily.UNIX)
          : SocketChannel.open();
    } catch (IOException exhausted) {
      throw new NoSocketException(exhausted);
    }
  }

  private List<SocketAddress> addresses(Target target) throws IOException {
    if (target.isUnix()) {
      return List.of(UnixDomainSocketAddress.of(target.socket()));
    }
    List<SocketAddress> addresses = new ArrayList<>();
    for (InetAddress address : resolved(target)) {
      addresses.add(new InetSocketAddress(address, target.port()));
    }
    return addresses;
  }

  private List<InetAddress> resolved(Target target) throws IOException {
    try {
      List<InetAddress> addresses = List.of(lookup.of(target.host()));
      known.put(target.host(), new KnownName(addresses, System.nanoTime()));
      return addresses;
    } catch (UnknownHostException unknown) {
      // It is also unknown if there was no socket to ask for it.
      open(target).close();
      KnownName before = known.get(target.host());
      if (before == null || System.nanoTime() - before.since() > KEPT) {
        throw unknown;
      }
      return before.addresses();
    }
  }

  private CheckResult answer(Hub hub, SocketChannel channel) throws IOException {
    Target target = hub.target();
    String asked = target.path() + path.apply(hub.name());
    if (target.tls()) {
      try (SSLSocket socket = secured(channel, target)) {
        return ask(target, asked, socket.getOutputStream(), socket.getInputStream());
      }
    }
    return ask(target, asked, Channels.newOutputStream(channel), Channels.newInputStream(channel));
  }

  private static SSLSocket secured(SocketChannel channel, Target target) throws IOException {
    SSLSocket socket =
        (SSLSocket)
            ((SSLSocketFactory) SSLSocketFactory.getDefault())
                .createSocket(channel.socket(), target.host(), target.port(), true);
    SSLParameters verified = socket.getSSLParameters();
    verified.setEndpointIdentificationAlgorithm("HTTPS");
    socket.setSSLParameters(verified);
    return socket;
  }

  private static CheckResult ask(Target target, String asked, OutputStream out, InputStream in)
      throws IOException {
    out.write(
        "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: sharder\r\nConnection: close\r\n\r\n"
            .formatted(asked, target.authority())
            .getBytes(US_ASCII));
    out.flush();
    String start = new String(in.readNBytes(STATUS_LENGTH), US_ASCII);
    Matcher status = STATUS.matcher(start);
    if (!status.matches()) {
      throw new ConnectException(
          start.isEmpty() ? "it closes the connection" : "it does not speak HTTP");
    }
    return status.group(1).charAt(0) < FIRST_OF_ERRORS
        ? CheckResult.UP
        : new CheckResult(
            HubState.FAILING, "GET %s is answered %s".formatted(asked, status.group(1)));
  }

  private CheckResult late(boolean isConnected) {
    return new CheckResult(
        isConnected ? HubState.FAILING : HubState.DOWN,
        "it does not %s within %d ms"
            .formatted(isConnected ? "answer" : "take a connection", limit.toMillis()));
  }

  private static CheckResult failed(Throwable failure) {
    String message = String.valueOf(failure.getMessage());
    return new CheckResult(
        failure instanceof NoSocketException || failure instanceof Error
            ? HubState.UNKNOWN
            : HubState.DOWN,
        failure instanceof ConnectException || failure instanceof NoSocketException
            ? message
            : failure.getClass().getSimpleName() + ": " + message);
  }

  private static void close(SocketChannel channel) {
    try {
      channel.close();
    } catch (IOException gone) {
      log.debug("a connection for a check was gone already", gone);
    }
  }

  @Override
  public void close() {
    askers.shutdownNow();
    clock.shutdownNow();
  }
}
