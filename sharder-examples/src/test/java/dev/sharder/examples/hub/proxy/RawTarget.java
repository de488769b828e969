package dev.sharder.examples.hub.proxy;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;

/** A server that does on each connection what a test says, and remembers all connections. */
final class RawTarget implements AutoCloseable {

  /** What happens on a connection, which is closed afterwards. */
  interface Script {

    void run(RawConnection connection) throws Exception;
  }

  private final ServerSocket server;
  private final Script script;
  private final List<RawConnection> connections = new CopyOnWriteArrayList<>();
  private final List<Throwable> failures = new CopyOnWriteArrayList<>();
  private final ExecutorService threads = Executors.newCachedThreadPool();

  private RawTarget(ServerSocket server, Script script) {
    this.server = server;
    this.script = script;
    threads.execute(this::accept);
  }

  /** Starts a target. */
  static RawTarget running(Script script) throws IOException {
    return running(0, script);
  }

  /** Starts a target with a small window, so that what it does not read stays with its sender. */
  static RawTarget running(int window, Script script) throws IOException {
    ServerSocket server = new ServerSocket();
    if (window > 0) {
      server.setReceiveBufferSize(window);
    }
    server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1_000);
    return new RawTarget(server, script);
  }

  /** Starts a target that reads each request with its body, and answers it. */
  static RawTarget answering(Function<RawHead, String> answer) throws IOException {
    return running(
        connection -> {
          while (true) {
            RawHead request = connection.head();
            connection.body(request);
            connection.send(answer.apply(request));
          }
        });
  }

  /** Returns a short answer. */
  static String ok(String body) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        RawConnection connection = RawConnection.of(server.accept());
        connections.add(connection);
        threads.execute(() -> serve(connection));
      } catch (IOException closed) {
        // The test is over, or a client left before it was accepted.
      }
    }
  }

  private void serve(RawConnection connection) {
    try (connection) {
      script.run(connection);
    } catch (EOFException | SocketException left) {
      // The script ends where its client leaves.
    } catch (Exception | AssertionError failure) {
      if (!server.isClosed()) {
        failures.add(failure);
      }
    }
  }

  int port() {
    return server.getLocalPort();
  }

  /** Returns all connections there ever were. */
  List<RawConnection> connections() {
    return connections;
  }

  /** Returns the connection of this number, from 0, as soon as there is one. */
  RawConnection connection(int number) {
    Eventually.holds("there is connection " + number, () -> connections.size() > number);
    return connections.get(number);
  }

  /** Returns how many connections are open on the other side. */
  long open() {
    return connections.stream()
        .filter(connection -> connection.end() == RawConnection.End.OPEN)
        .count();
  }

  /** Returns everything that was received, one connection after another. */
  String received() {
    return String.join("", connections.stream().map(RawConnection::received).toList());
  }

  /** Returns how many requests begin in what was received. */
  int requests() {
    return received().split(" HTTP/1\\.[01]\r\n", -1).length - 1;
  }

  /** Fails where a script failed. */
  void check() {
    for (Throwable failure : failures) {
      throw new AssertionError("the target's script failed", failure);
    }
  }

  /** Waits until no connection is open on the other side. */
  void awaitNoneOpen(Duration patience) {
    Eventually.holds("no connection to the target is left", patience, () -> open() == 0);
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (RawConnection connection : connections) {
      connection.close();
    }
    threads.shutdownNow();
  }
}
