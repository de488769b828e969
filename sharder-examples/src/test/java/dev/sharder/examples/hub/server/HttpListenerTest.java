package dev.sharder.examples.hub.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.examples.hub.access.TrustedPeers;
import dev.sharder.examples.hub.access.TrustedProxy;
import io.undertow.server.HttpHandler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("Closing a listener")
@Timeout(60)
class HttpListenerTest {

  private static final TrustedProxy PROXY =
      new TrustedProxy(TrustedPeers.of(List.of("127.0.0.1")), List.of());

  private static final String REQUEST = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

  @Test
  @DisplayName("ends, although a request waits for a lock that no one frees")
  void stuckRequest() throws Exception {
    ReentrantLock held = new ReentrantLock();
    CountDownLatch asked = new CountDownLatch(1);
    HttpHandler stuck =
        exchange ->
            exchange.dispatch(
                () -> {
                  asked.countDown();
                  held.lock();
                });
    HttpListener listener =
        HttpListener.open(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            Optional.empty(),
            PROXY,
            noting -> noting.wrap(stuck));
    held.lock();
    try (Socket client = new Socket(InetAddress.getLoopbackAddress(), listener.port())) {
      client.getOutputStream().write(REQUEST.getBytes(StandardCharsets.US_ASCII));
      asked.await();
      Thread closing = new Thread(listener::close);
      closing.start();
      closing.join(TimeUnit.SECONDS.toMillis(20));
      assertThat(closing.isAlive()).isFalse();
    } finally {
      held.unlock();
    }
  }
}
