package dev.sharder.examples.hub.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sharder.jdbc.FreePorts;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("When a target leaves")
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LeavingTargetsTest {

  private static final Duration SOON = Duration.ofSeconds(3);
  private static final String GET = "GET / HTTP/1.1\r\nHost: hub\r\n\r\n";

  private static final String CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

  /** How a target leaves. */
  enum Leave {
    FIN,
    RESET
  }

  private RawTarget target;
  private ProxyUnderTest proxy;

  private void start(RawTarget.Script script) throws IOException {
    target = RawTarget.running(script);
    proxy = ProxyUnderTest.before(target);
  }

  @AfterEach
  void stop() throws IOException {
    proxy.close();
    if (target != null) {
      target.check();
      target.close();
    }
  }

  /** Answers once and resets the connection when the next request comes. */
  private static void resetSecond(RawConnection connection) throws IOException {
    RawHead first = connection.head();
    connection.body(first);
    connection.send(RawTarget.ok("hi"));
    connection.head();
    connection.reset();
  }

  /** Answers once and ends the connection, without having said so. */
  private static void leaveAfterFirst(RawConnection connection) throws IOException {
    RawHead first = connection.head();
    connection.body(first);
    connection.send(RawTarget.ok("hi"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
  @DisplayName("by a reset of a kept connection, 30 idempotent requests are answered with 200")
  void resetWhileKept(String method) throws IOException {
    start(LeavingTargetsTest::resetSecond);
    assertAllAnswered(method, 30);
  }

  @Test
  @DisplayName("by the end of a kept connection, 60 requests are answered with 200")
  void endWhileKept() throws IOException {
    start(LeavingTargetsTest::leaveAfterFirst);
    assertAllAnswered("GET", 60);
  }

  @Test
  @DisplayName("by a reset of many kept connections, requests are answered with 200")
  void resetOfMany() throws IOException {
    start(LeavingTargetsTest::resetSecond);
    for (int round = 0; round < 5; round++) {
      List<RawConnection> clients = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        clients.add(RawConnection.to(proxy.port()));
        clients.get(i).send(GET);
      }
      for (RawConnection client : clients) {
        assertThat(client.response().status()).isEqualTo(200);
        client.close();
      }
    }
  }

  private void assertAllAnswered(String method, int count) throws IOException {
    try (RawConnection client = RawConnection.to(proxy.port())) {
      for (int i = 0; i < count; i++) {
        client.send(method + " / HTTP/1.1\r\nHost: hub\r\n\r\n");
        RawHead head = client.head();
        assertThat(head.status()).as("request %d", i).isEqualTo(200);
        if (!method.equals("HEAD")) {
          assertThat(client.body(head)).isEqualTo("hi");
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"Content-Length: 5\r\n\r\nhello", "Content-Length: 0\r\n\r\n"})
  @DisplayName("by a reset of a kept connection, no POST is sent twice")
  void postOnce(String rest) throws IOException {
    start(LeavingTargetsTest::resetSecond);
    int count = 30;
    for (int i = 0; i < count; i++) {
      try (RawConnection client = RawConnection.to(proxy.port())) {
        client.send("POST /post-" + i + "/ HTTP/1.1\r\nHost: hub\r\n" + rest);
        assertThat(client.head().status()).isIn(200, 502);
      }
    }
    for (int i = 0; i < count; i++) {
      assertThat(target.received().split("POST /post-" + i + "/", -1)).hasSizeLessThanOrEqualTo(2);
    }
    assertThat(target.received()).contains("POST /post-0/");
  }

  @Test
  @DisplayName("before it answers on any connection, the client soon gets a 502")
  void neverAnswers() throws IOException {
    AtomicInteger requests = new AtomicInteger();
    start(
        connection -> {
          connection.head();
          requests.incrementAndGet();
          connection.reset();
        });
    assertThat(soonAnswered(GET).status()).isEqualTo(502);
    assertThat(requests.get()).isBetween(1, 3);
  }

  @Test
  @DisplayName("before it answers a websocket's handshake, the client soon gets a 502")
  void noHandshake() throws IOException {
    start(RawConnection::head);
    RawHead head = soonAnswered(RawHandshake.REQUEST);
    assertThat(head.status()).isEqualTo(502);
  }

  @Test
  @DisplayName("or was never there, the client soon gets an error, also for an upload")
  void notThere() throws IOException {
    proxy = ProxyUnderTest.before(FreePorts.next());
    assertThat(soonAnswered(GET).status()).isIn(502, 503);
    String upload = "PUT / HTTP/1.1\r\nHost: hub\r\nContent-Length: 5\r\n\r\nhello";
    assertThat(soonAnswered(upload).status()).isIn(502, 503);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SSH-2.0-OpenSSH_9.2\r\n",
        "220 mail.example ESMTP\r\n\r\n",
        "\0\1\2\3\4\5\6\7",
        "\u0015\3\1\0\2\2F",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.x 200 OK\r\n\r\n",
        "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 099 OK\r\n\r\n",
        "\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX-A: b\r\n folded\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX-A: b\0c\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX-A : b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX-A: b\rX-B: c\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
      })
  @DisplayName("the language of HTTP, the client soon gets a 502")
  void notHttp(String said) throws IOException {
    start(
        connection -> {
          connection.head();
          connection.send(said);
          connection.toEnd();
        });
    assertThat(soonAnswered(GET).status()).isEqualTo(502);
    target.awaitNoneOpen(SOON);
  }

  @Test
  @DisplayName("the language of HTTP by greeting first, the client soon gets a 502")
  void greeting() throws IOException {
    start(
        connection -> {
          connection.send("SSH-2.0-OpenSSH_9.2\r\n");
          connection.toEnd();
        });
    assertThat(soonAnswered(GET).status()).isEqualTo(502);
  }

  @Test
  @DisplayName("for an endless head, the client soon gets a 502")
  void endlessHead() throws IOException {
    start(
        connection -> {
          connection.head();
          connection.send("HTTP/1.1 200 OK\r\n");
          for (int i = 0; i < 100_000; i++) {
            connection.send("X-" + i + ": " + "x".repeat(100) + "\r\n");
          }
        });
    assertThat(soonAnswered(GET).status()).isEqualTo(502);
  }

  private RawHead soonAnswered(String request) throws IOException {
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send(request);
      assertThat(client.isSilentFor(SOON)).as("no answer within %s", SOON).isFalse();
      return client.head();
    }
  }

  @ParameterizedTest
  @EnumSource(Leave.class)
  @DisplayName("within an answer of known length, the client sees a broken connection")
  void halfByLength(Leave leave) throws IOException {
    String half = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello";
    try (RawConnection client = halfAnswered("HTTP/1.1", half, leave)) {
      RawHead head = client.head();
      assertThatThrownBy(() -> client.body(head)).isInstanceOf(EOFException.class);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "FIN, 9|hel",
    "RESET, 9|hel",
    "FIN, 5|hello",
    "FIN, 5|hello|",
    "RESET, 5|hello|",
    "FIN, 5|hello|0",
    "FIN, 5|hello|0|",
    "FIN, 5|hello|0|X-A: b|",
  })
  @DisplayName("within an answer by chunks, the client sees a broken connection")
  void halfByChunks(Leave leave, String chunks) throws IOException {
    String half = CHUNKED + chunks.replace("|", "\r\n");
    try (RawConnection client = halfAnswered("HTTP/1.1", half, leave)) {
      assertThat(client.endWithin(SOON)).isNotEqualTo(RawConnection.End.OPEN);
      assertThat(client.received()).doesNotContain("\r\n0\r\n");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "xyz\r\n",
        "5\r\nhello\r\nxyz\r\n",
        "5\r\nhelloworld\r\n0\r\n\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "ffffffffffffffff1\r\nhello",
      })
  @DisplayName("the grammar of chunks, the client sees an error or a broken connection")
  void malformedChunks(String chunks) throws IOException {
    start(
        connection -> {
          connection.head();
          connection.send(CHUNKED + chunks);
          connection.toEnd();
        });
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send(GET);
      String answer = new String(client.toEnd(), StandardCharsets.ISO_8859_1);
      assertThat(answer).doesNotContain("\r\n0\r\n", "world", "xyz");
    }
    target.awaitNoneOpen(SOON);
  }

  @ParameterizedTest
  @EnumSource(Leave.class)
  @DisplayName("within an answer by chunks, a client of HTTP/1.0 sees a reset, not a short answer")
  void halfToOldClient(Leave leave) throws IOException {
    try (RawConnection client = halfAnswered("HTTP/1.0", CHUNKED + "9\r\nhello", leave)) {
      assertThat(client.endWithin(SOON)).isEqualTo(RawConnection.End.RESET);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"HTTP/1.1", "HTTP/1.0"})
  @DisplayName("by a reset within an answer without an end, the client sees a broken connection")
  void resetWithoutEnd(String version) throws IOException {
    String half = "HTTP/1.1 200 OK\r\n\r\nhello";
    try (RawConnection client = halfAnswered(version, half, Leave.RESET)) {
      RawConnection.End end = client.endWithin(SOON);
      assertThat(end).isNotEqualTo(RawConnection.End.OPEN);
      assertThat(client.received()).doesNotContain("\r\n0\r\n");
      assertThat(new RawHead(client.received()).isChunked() || end == RawConnection.End.RESET)
          .as("the client can tell that it is not all")
          .isTrue();
    }
  }

  /** Returns a client that has the beginning of an answer, whose target has left since. */
  private RawConnection halfAnswered(String version, String half, Leave leave) throws IOException {
    CompletableFuture<Void> arrived = new CompletableFuture<>();
    start(
        connection -> {
          connection.head();
          connection.send(half);
          arrived.join();
          if (leave == Leave.RESET) {
            connection.reset();
          }
        });
    RawConnection client = RawConnection.to(proxy.port());
    client.send("GET / " + version + "\r\nHost: hub\r\n\r\n");
    Eventually.holds("half an answer is there", () -> client.received().contains("hel"));
    arrived.complete(null);
    return client;
  }
}
