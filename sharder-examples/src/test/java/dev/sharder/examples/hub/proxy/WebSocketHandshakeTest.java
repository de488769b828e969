package dev.sharder.examples.hub.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The handshake of a websocket")
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WebSocketHandshakeTest {

  private RawTarget target;
  private ProxyUnderTest proxy;
  private RawConnection client;

  private void start(RawTarget.Script script) throws IOException {
    target = RawTarget.running(script);
    proxy = ProxyUnderTest.before(target);
    client = RawConnection.to(proxy.port());
  }

  @AfterEach
  void stop() throws IOException {
    client.close();
    proxy.close();
    target.check();
    target.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/",
        "/user/ada/api/kernels/1-2/channels?session_id=a%20b",
        "//a%2Fb/%zz?c??d",
        "/caf\u00c3\u00a9|{}",
      })
  @DisplayName("passes at any link with all its fields, and so does its answer")
  void handshake(String uri) throws Exception {
    String asked =
        "Sec-WebSocket-Protocol: v1.kernel.websocket.jupyter.org, other\r\n"
            + "sec-websocket-extensions: permessage-deflate; client_max_window_bits\r\n"
            + "Origin: https://hub.example\r\n"
            + "Cookie: a=b\r\n";
    String answered =
        "Sec-WebSocket-Protocol: v1.kernel.websocket.jupyter.org\r\n"
            + "Sec-WebSocket-Extensions: permessage-deflate\r\n"
            + "Set-Cookie: c=d\r\n"
            + "Set-Cookie: e=f\r\n";
    start(
        connection -> {
          connection.head();
          connection.send(RawHandshake.ACCEPTED + answered + "\r\n");
          connection.toEnd();
        });
    client.send("GET " + uri + " HTTP/1.1\r\n" + RawHandshake.FIELDS + asked + "\r\n");
    RawHead answer = client.head();
    assertThat(answer.status()).isEqualTo(101);
    assertThat(answer.value("Upgrade")).isEqualTo("websocket");
    assertThat(answer.value("Connection")).isEqualToIgnoringCase("upgrade");
    assertThat(answer.value("Sec-WebSocket-Accept")).isEqualTo("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assertThat(answer.fields()).containsAll(answered.lines().toList());
    RawHead seen = new RawHead(target.connection(0).received());
    assertThat(seen.uri()).isEqualTo(uri);
    assertThat(seen.value("Upgrade")).isEqualTo("websocket");
    assertThat(seen.value("Connection")).isEqualToIgnoringCase("upgrade");
    assertThat(seen.value("Sec-WebSocket-Key")).isEqualTo("dGhlIHNhbXBsZSBub25jZQ==");
    assertThat(seen.fields()).containsAll(asked.lines().toList());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Connection: Upgrade\r\nUpgrade: WebSocket\r\n",
        "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n",
        "connection: UPGRADE\r\nupgrade: websocket\r\n",
      })
  @DisplayName("passes as any browser writes it")
  void spelling(String fields) throws Exception {
    start(
        connection -> {
          connection.head();
          connection.send(RawHandshake.ACCEPTED + "\r\n");
          connection.toEnd();
        });
    client.send(
        "GET /ws HTTP/1.1\r\nHost: hub\r\n"
            + fields
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    assertThat(client.head().status()).isEqualTo(101);
  }

  @Test
  @DisplayName("may have frames of the client right behind it")
  void behindTheHandshake() throws Exception {
    start(
        connection -> {
          connection.head();
          connection.send(RawHandshake.ACCEPTED + "\r\n");
          connection.send(
              RawFrame.ofServer(RawFrame.TEXT, RawFrame.read(connection).text()).bytes());
          connection.toEnd();
        });
    client.send(RawHandshake.REQUEST);
    client.send(RawFrame.ofClient(RawFrame.TEXT, "early").bytes());
    assertThat(client.head().status()).isEqualTo(101);
    assertThat(RawFrame.read(client).text()).isEqualTo("early");
  }

  @Test
  @DisplayName("may be answered with the first frame right behind the answer")
  void behindTheAnswer() throws Exception {
    start(
        connection -> {
          connection.head();
          String frame = new String(RawFrame.ofServer(RawFrame.TEXT, "hi").bytes(), "ISO-8859-1");
          connection.send(RawHandshake.ACCEPTED + "\r\n" + frame);
          connection.toEnd();
        });
    client.send(RawHandshake.REQUEST);
    assertThat(client.head().status()).isEqualTo(101);
    assertThat(RawFrame.read(client).text()).isEqualTo("hi");
  }

  @ParameterizedTest
  @CsvSource({
    "403 Forbidden, Content-Length: 2, no",
    "404 Not Found, Content-Length: 2, no",
    "401 Unauthorized, Transfer-Encoding: chunked, '2\r\nno\r\n0\r\n\r\n'",
    "302 Found, Content-Length: 2, no",
    "200 OK, Content-Length: 2, no",
    "426 Upgrade Required, Content-Length: 2, no",
  })
  @DisplayName("may be refused by the target with a body, and the connection goes on")
  void refused(String status, String framing, String body) throws Exception {
    target =
        RawTarget.answering(
            request ->
                request.uri().equals("/ws")
                    ? "HTTP/1.1 "
                        + status
                        + "\r\nLocation: /login\r\n"
                        + framing
                        + "\r\n\r\n"
                        + body
                    : RawTarget.ok("other"));
    proxy = ProxyUnderTest.before(target);
    client = RawConnection.to(proxy.port());
    client.send(RawHandshake.REQUEST);
    RawResponse response = client.response();
    assertThat(response.head().startLine()).isEqualTo("HTTP/1.1 " + status);
    assertThat(response.head().value("Location")).isEqualTo("/login");
    assertThat(response.body()).isEqualTo("no");
    client.send("GET /other HTTP/1.1\r\nHost: hub\r\n\r\n");
    assertThat(client.response().body()).isEqualTo("other");
  }
}
