package dev.sharder.examples.hub.proxy;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;

/**
 * A websocket that is open, at both its ends.
 *
 * @param target where it leads
 * @param proxy what it leads through
 * @param client the end of the client
 * @param server the end of the target
 */
record OpenWebSocket(
    RawTarget target, ProxyUnderTest proxy, RawConnection client, RawConnection server)
    implements AutoCloseable {

  /** How the proxy is started. */
  interface Start {
    ProxyUnderTest before(RawTarget target) throws IOException;
  }

  /** Opens one through the proxy under test. */
  static OpenWebSocket open() throws Exception {
    return open(ProxyUnderTest::before);
  }

  /** Opens one through our proxy. */
  static OpenWebSocket through(OurProxy options) throws Exception {
    return open(target -> options.before(target.port()));
  }

  private static OpenWebSocket open(Start start) throws Exception {
    CompletableFuture<RawConnection> accepted = new CompletableFuture<>();
    RawTarget target = RawTarget.running(connection -> accept(connection, accepted));
    ProxyUnderTest proxy = start.before(target);
    RawConnection client = RawConnection.to(proxy.port());
    client.send(RawHandshake.REQUEST);
    RawHead answer = client.head();
    if (answer.status() != 101) {
      throw new AssertionError("no websocket: " + answer.text());
    }
    return new OpenWebSocket(target, proxy, client, accepted.get());
  }

  private static void accept(RawConnection connection, CompletableFuture<RawConnection> accepted)
      throws Exception {
    connection.head();
    connection.send(RawHandshake.ACCEPTED + "\r\n");
    accepted.complete(connection);
    // The test takes over until it is done with the target.
    new CompletableFuture<Void>().get();
  }

  @Override
  public void close() throws IOException {
    client.close();
    proxy.close();
    target.close();
  }
}
