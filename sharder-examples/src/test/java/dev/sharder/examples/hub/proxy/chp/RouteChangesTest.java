package dev.sharder.examples.hub.proxy.chp;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.undertow.Undertow;
import io.undertow.util.Headers;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Websockets while routes change. */
@Timeout(120)
class RouteChangesTest {

  private static final int WEBSOCKETS = 1_000;
  private static final int CHANGES = 10_000;
  private static final int USERS = 100;
  private static final String HANDSHAKE =
      "GET /user/0/socket HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  @Test
  @DisplayName("a thousand websockets stay open while routes change ten thousand times")
  void stay() throws Exception {
    Undertow target = target();
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    ChpOptions options =
        ChpOptions.of(
            new ChpOptions.Ports(any, any, Optional.empty(), Optional.empty()), Optional.empty());
    List<Socket> open = new ArrayList<>();
    try (ChpServer proxy = ChpServer.start(options)) {
      int port = ((InetSocketAddress) target.getListenerInfo().get(0).getAddress()).getPort();
      change(proxy, "POST", 0, port);
      for (int i = 0; i < WEBSOCKETS; i++) {
        open.add(opened(proxy.port()));
      }
      for (int i = 0; i < CHANGES / 2; i++) {
        assertThat(change(proxy, "POST", i % USERS, port)).isEqualTo(201);
        assertThat(change(proxy, "DELETE", i % USERS, port)).isEqualTo(204);
      }
      for (Socket socket : open) {
        socket.setSoTimeout(1);
        assertThatThrownBy(() -> socket.getInputStream().read())
            .isInstanceOf(SocketTimeoutException.class);
      }
    } finally {
      for (Socket socket : open) {
        socket.close();
      }
      target.stop();
    }
  }

  private static Undertow target() {
    Undertow target =
        Undertow.builder()
            .addHttpListener(0, "127.0.0.1")
            .setHandler(
                exchange -> {
                  exchange.upgradeChannel((channel, upgraded) -> {});
                  exchange.getResponseHeaders().put(Headers.UPGRADE, "websocket");
                  exchange.endExchange();
                })
            .build();
    target.start();
    return target;
  }

  private static Socket opened(int port) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(20_000);
    socket.getOutputStream().write(HANDSHAKE.getBytes(US_ASCII));
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      head.append((char) socket.getInputStream().read());
    }
    assertThat(head.toString()).startsWith("HTTP/1.1 101 ");
    return socket;
  }

  private int change(ChpServer proxy, String method, int user, int port) throws Exception {
    String body = "{\"target\": \"http://127.0.0.1:%d\"}".formatted(port);
    HttpResponse<Void> answer =
        client.send(
            HttpRequest.newBuilder(
                    URI.create(
                        "http://127.0.0.1:%d/api/routes/user/%d".formatted(proxy.apiPort(), user)))
                .method(method, BodyPublishers.ofString(body))
                .build(),
            BodyHandlers.discarding());
    return answer.statusCode();
  }
}
