package dev.sharder.examples.hub.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Header fields that are for one connection")
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HopByHopHeadersTest {

  private static final String FIELDS =
      "Connection: X-Named , x-also\r\n"
          + "cONNECTION: keep-alive, X-Third\r\n"
          + "X-Named: secret\r\n"
          + "X-ALSO: secret\r\n"
          + "x-third: secret\r\n"
          + "Keep-Alive: timeout=secret\r\n"
          + "Proxy-Connection: secret\r\n"
          + "Proxy-Authorization: secret\r\n"
          + "TE: secret, trailers\r\n"
          + "Trailer: X-Secret\r\n"
          + "Upgrade: secret\r\n"
          + "X-Stays: here\r\n";

  private static final String HIDDEN = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";

  private RawTarget target;
  private ProxyUnderTest proxy;

  private void start(String answer) throws IOException {
    target = RawTarget.answering(request -> answer);
    proxy = ProxyUnderTest.before(target);
  }

  @AfterEach
  void stop() throws IOException {
    proxy.close();
    target.close();
  }

  @Test
  @DisplayName("go no further when a client sends them")
  void ofRequests() throws IOException {
    start(RawTarget.ok(""));
    assertThat(ask("GET / HTTP/1.1\r\nHost: hub\r\n" + FIELDS + "\r\n").status()).isEqualTo(200);
    assertNoSecret(seen());
  }

  @Test
  @DisplayName("go no further when a target sends them")
  void ofAnswers() throws IOException {
    start("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + FIELDS + "\r\nhi");
    RawResponse response = ask("GET / HTTP/1.1\r\nHost: hub\r\n\r\n");
    assertThat(response.body()).isEqualTo("hi");
    assertNoSecret(response.head());
  }

  private static void assertNoSecret(RawHead head) {
    assertThat(head.text().toLowerCase(Locale.ROOT))
        .doesNotContain("secret", "x-named", "x-also", "x-third", "trailers");
    assertThat(head.value("X-Stays")).isEqualTo("here");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Connection: content-length, host\r\nContent-Length: 33\r\n\r\n" + HIDDEN,
        "Connection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n\r\n21\r\n"
            + HIDDEN
            + "\r\n0\r\n\r\n",
      })
  @DisplayName("do not lose the framing or the host of a request by naming them")
  void namedFraming(String rest) throws IOException {
    target =
        RawTarget.running(
            connection -> {
              RawHead head = connection.head();
              connection.send(RawTarget.ok(head.value("Host") + connection.body(head)));
            });
    proxy = ProxyUnderTest.before(target);
    RawResponse response = ask("POST / HTTP/1.1\r\nHost: hub\r\n" + rest);
    assertThat(response.body()).isEqualTo("hub" + HIDDEN);
  }

  @Test
  @DisplayName("do not lose the length of an answer by naming it")
  void namedLengthOfAnswer() throws IOException {
    start("HTTP/1.1 200 OK\r\nConnection: content-length\r\nContent-Length: 2\r\n\r\nhi");
    assertThat(ask("GET / HTTP/1.1\r\nHost: hub\r\n\r\n").body()).isEqualTo("hi");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Upgrade: h2c\r\n",
        "Upgrade: TLS/1.0\r\n",
        "Upgrade: foo\r\n",
        "Upgrade: h2c, websocket\r\n",
        "Upgrade: websocket, h2c\r\n",
        "Upgrade: websocket\r\nUpgrade: h2c\r\n",
        "Upgrade: websocket/13\r\n",
        "Upgrade: xwebsocket\r\n",
      })
  @DisplayName("such as an Upgrade to anything but websocket are as if they were not there")
  void otherUpgrades(String upgrade) throws IOException {
    start(RawTarget.ok("hi"));
    RawResponse response =
        ask(
            "GET / HTTP/1.1\r\nHost: hub\r\nConnection: Upgrade, HTTP2-Settings\r\n"
                + "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"
                + upgrade
                + "\r\n");
    assertThat(response.status()).isEqualTo(200);
    assertThat(response.body()).isEqualTo("hi");
    assertNoUpgrade();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET / HTTP/1.1\r\nHost: hub\r\nUpgrade: websocket\r\n\r\n",
        "GET / HTTP/1.0\r\nHost: hub\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: hub\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n",
      })
  @DisplayName(
      "such as an Upgrade in a request that cannot ask for one are as if they were not there")
  void upgradesThatAreNone(String request) throws IOException {
    start(RawTarget.ok("hi"));
    assertThat(ask(request).body()).isEqualTo("hi");
    assertNoUpgrade();
  }

  private void assertNoUpgrade() {
    assertThat(seen().values("Upgrade")).isEmpty();
    assertThat(seen().values("HTTP2-Settings")).isEmpty();
    assertThat(seen().values("Connection"))
        .noneMatch(value -> value.toLowerCase(Locale.ROOT).contains("upgrade"));
  }

  @Test
  @DisplayName("such as an Upgrade that no one asked for make the answer a 502")
  void unasked() throws IOException {
    start("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
    RawResponse response =
        ask("GET / HTTP/1.1\r\nHost: hub\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
    assertThat(response.status()).isEqualTo(502);
  }

  private RawResponse ask(String request) throws IOException {
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send(request);
      return client.response();
    }
  }

  private RawHead seen() {
    List<RawConnection> connections = target.connections();
    String received = connections.get(connections.size() - 1).received();
    return new RawHead(received.substring(0, received.indexOf("\r\n\r\n") + 4));
  }
}
