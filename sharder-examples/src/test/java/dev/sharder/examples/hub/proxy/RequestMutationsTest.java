package dev.sharder.examples.hub.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.SocketException;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Whatever a client sends")
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RequestMutationsTest {

  private static final int ROUNDS = 300;
  private static final Duration MOMENT = Duration.ofMillis(60);
  private static final String LAST = "GET /last HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n";
  private static final List<String> REQUESTS =
      List.of(
          "GET /a?b HTTP/1.1\r\nHost: hub\r\nConnection: keep-alive, X-A\r\nX-A: b\r\n\r\n",
          "POST /a HTTP/1.1\r\nHost: hub\r\nContent-Length: 10\r\n\r\n0123456789",
          "POST /a HTTP/1.1\r\nHost: hub\r\nTransfer-Encoding: chunked\r\n\r\n"
              + "5;x=y\r\nhello\r\n0\r\nX-A: b\r\n\r\n",
          "GET /a HTTP/1.1\r\nHost: hub\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
          "GET http://hub/a HTTP/1.1\r\nHost: hub\r\nExpect: 100-continue\r\n\r\n",
          "GET /a HTTP/1.0\r\nHost: hub\r\n\r\n");

  /** What parsers of HTTP stumble over. */
  private static final List<String> PIECES =
      List.of(
          "\r",
          "\n",
          "\r\n",
          "\r\n\r\n",
          " ",
          "\t",
          "\0",
          "\u000b",
          "\u007f",
          "\u0085",
          "\u00a0",
          ":",
          ";",
          ",",
          "0",
          "1",
          "f",
          "-",
          "+",
          "0x",
          "\"",
          "/",
          "?",
          "#",
          "*",
          "HTTP/1.1",
          "Content-Length: 0\r\n",
          "Content-Length: 5\r\n",
          "Transfer-Encoding: chunked\r\n",
          "Transfer-Encoding: identity\r\n",
          "chunked",
          "Connection: close\r\n",
          "Host: a\r\n");

  private static final Pattern START =
      Pattern.compile("[!-~]{1,32} [!-~\u0080-\u00ff]+ HTTP/1\\.1");
  private static final Pattern FIELD =
      Pattern.compile("[-!#$%&'*+.^_`|~0-9A-Za-z]+:[\t -~\u0080-\u00ff]*");

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  @DisplayName("the target gets requests whose every line and whose end are beyond doubt, or none")
  void mutations(long seed) throws IOException {
    Random random = new Random(seed);
    RawTarget target = RawTarget.running(RequestMutationsTest::serve);
    try (target;
        ProxyUnderTest proxy = ProxyUnderTest.before(target)) {
      for (int round = 0; round < ROUNDS; round++) {
        send(proxy.port(), mutated(random) + LAST);
      }
      assertThat(target.requests()).as("requests that arrived").isGreaterThan(ROUNDS / 4);
      proxy.close();
      target.awaitNoneOpen(Duration.ofSeconds(3));
      target.check();
    }
  }

  private static String mutated(Random random) {
    StringBuilder request = new StringBuilder(REQUESTS.get(random.nextInt(REQUESTS.size())));
    int changes = 1 + random.nextInt(2);
    for (int i = 0; i < changes; i++) {
      int at = random.nextInt(request.length());
      int end = random.nextInt(3) == 0 ? at : Math.min(request.length(), at + random.nextInt(4));
      request.replace(at, end, PIECES.get(random.nextInt(PIECES.size())));
    }
    return request.toString();
  }

  private static void send(int port, String request) throws IOException {
    try (RawConnection client = RawConnection.to(port)) {
      client.send(request);
      // A request that swallows the last one has no end, and no answer.
      client.endWithin(MOMENT);
      assertThat(client.received()).as(request).doesNotContain("HTTP/1.1 5");
    } catch (SocketException reset) {
      // It was refused before all of it was sent.
    }
  }

  private static void serve(RawConnection connection) throws IOException {
    while (true) {
      RawHead head = connection.head();
      assertThat(head.startLine()).matches(START);
      assertThat(head.fields()).as(head.text()).allMatch(field -> FIELD.matcher(field).matches());
      List<String> lengths = head.values("Content-Length");
      List<String> encodings = head.values("Transfer-Encoding");
      assertThat(lengths.size() + encodings.size()).as(head.text()).isLessThanOrEqualTo(1);
      assertThat(lengths).allMatch(length -> length.matches("[0-9]+"));
      assertThat(encodings).allMatch("chunked"::equals);
      assertThat(head.values("Host")).as(head.text()).hasSizeLessThanOrEqualTo(1);
      connection.body(head);
      connection.send(RawTarget.ok("hi"));
    }
  }
}
