package dev.sharder.examples.hub.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("What a target answers reaches the client")
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ProxyAnswersTest {

  private static final Duration MOMENT = Duration.ofMillis(200);
  private static final Duration SOON = Duration.ofSeconds(3);

  private RawTarget target;
  private ProxyUnderTest proxy;

  private void start(RawTarget.Script script) throws IOException {
    target = RawTarget.running(script);
    proxy = ProxyUnderTest.before(target);
  }

  private void answering(String answer) throws IOException {
    target = RawTarget.answering(request -> answer);
    proxy = ProxyUnderTest.before(target);
  }

  private void echoing() throws IOException {
    target = RawTarget.answering(request -> RawTarget.ok(request.uri()));
    proxy = ProxyUnderTest.before(target);
  }

  @AfterEach
  void stop() throws IOException {
    proxy.close();
    target.check();
    target.close();
  }

  private static String get(String uri) {
    return "GET " + uri + " HTTP/1.1\r\nHost: hub\r\n\r\n";
  }

  @Test
  @DisplayName("with its fields in their order and case, two Set-Cookie as two")
  void fields() throws IOException {
    String fields =
        "Server: TornadoServer/6.2\r\n"
            + "date: Sat, 28 Nov 2026 10:00:00 GMT\r\n"
            + "Set-Cookie: a=b; Path=/; Expires=Sat, 28 Nov 2026 10:00:00 GMT\r\n"
            + "X-EMPTY:\r\n"
            + "Set-Cookie: c=\"d, e\"\r\n"
            + "Content-Type: text/plain\r\n"
            + "X-Bytes: caf\u00c3\u00a9 \u00e9\r\n"
            + "Location:http://other.example/a%2Fb?c??\r\n"
            + "ETag: W/\"1\"\r\n";
    answering("HTTP/1.1 200 Tr\u00e8s bien, merci\r\n" + fields + "Content-Length: 2\r\n\r\nhi");
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send(get("/"));
      RawResponse response = client.response();
      assertThat(response.head().startLine()).isEqualTo("HTTP/1.1 200 Tr\u00e8s bien, merci");
      assertThat(response.head().fields()).containsSubsequence(fields.lines().toList());
      assertThat(response.head().values("Set-Cookie")).hasSize(2);
      assertThat(response.head().value("Server")).isEqualTo("TornadoServer/6.2");
      assertThat(response.head().value("Date")).isEqualTo("Sat, 28 Nov 2026 10:00:00 GMT");
      assertThat(response.body()).isEqualTo("hi");
    }
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        200, 201, 206, 226, 299, 300, 302, 307, 400, 401, 403, 404, 418, 429, 500, 502, 503, 599
      })
  @DisplayName("with its status and body, whatever they are")
  void status(int status) throws IOException {
    answering("HTTP/1.1 " + status + " \r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\nhi");
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send(get("/") + get("/"));
      for (int i = 0; i < 2; i++) {
        RawResponse response = client.response();
        assertThat(response.status()).isEqualTo(status);
        assertThat(response.head().value("Retry-After")).isEqualTo("7");
        assertThat(response.body()).isEqualTo("hi");
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "HEAD, 200 OK, Content-Length: 99",
    "HEAD, 200 OK, Transfer-Encoding: chunked",
    "HEAD, 200 OK, X-No: length",
    "HEAD, 404 Not Found, Content-Length: 99",
    "GET, 204 No Content, X-No: length",
    "GET, 304 Not Modified, Content-Length: 99",
    "GET, 304 Not Modified, ETag: a",
  })
  @DisplayName("without a body to HEAD, and with 204 and 304, and the connection goes on")
  void noBody(String method, String status, String field) throws IOException {
    answering("HTTP/1.1 " + status + "\r\n" + field + "\r\n\r\n");
    try (RawConnection client = RawConnection.to(proxy.port())) {
      for (int i = 0; i < 3; i++) {
        client.send(method + " / HTTP/1.1\r\nHost: hub\r\n\r\n");
        RawHead head = client.head();
        assertThat(head.startLine()).isEqualTo("HTTP/1.1 " + status);
        if (!field.startsWith("Transfer-Encoding")) {
          assertThat(head.fields()).contains(field);
        }
        assertThat(client.isSilentFor(Duration.ofMillis(50))).isTrue();
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"HEAD, 200 OK", "GET, 204 No Content", "GET, 304 Not Modified"})
  @DisplayName("and a body that must not be there becomes no one's answer")
  void wrongBody(String method, String status) throws IOException {
    String hidden = RawTarget.ok("poison");
    target =
        RawTarget.answering(
            request ->
                request.uri().equals("/bad")
                    ? "HTTP/1.1 " + status + "\r\nX-A: b\r\n\r\n" + hidden
                    : RawTarget.ok("right"));
    proxy = ProxyUnderTest.before(target);
    assertNotPoisoned(method + " /bad HTTP/1.1\r\nHost: hub\r\n\r\n");
  }

  @Test
  @DisplayName("and a second answer to one request becomes no one's answer")
  void twoAnswers() throws IOException {
    target =
        RawTarget.answering(
            request ->
                request.uri().equals("/bad")
                    ? RawTarget.ok("first") + RawTarget.ok("poison")
                    : RawTarget.ok("right"));
    proxy = ProxyUnderTest.before(target);
    assertNotPoisoned(get("/bad"));
  }

  private void assertNotPoisoned(String bad) throws IOException {
    for (int i = 0; i < 10; i++) {
      try (RawConnection first = RawConnection.to(proxy.port());
          RawConnection second = RawConnection.to(proxy.port())) {
        first.send(bad);
        assertThat(first.head().status()).isLessThan(400);
        second.send(get("/good") + get("/good"));
        assertThat(second.response().body()).isEqualTo("right");
        assertThat(second.response().body()).isEqualTo("right");
        assertThat(first.received()).doesNotContain("poison");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Content-Length: 5\r\n\r\nhello",
        "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
      })
  @DisplayName("unchunked if it speaks HTTP/1.0, and then the connection ends")
  void oldClient(String rest) throws IOException {
    answering("HTTP/1.1 200 OK\r\n" + rest);
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send("GET / HTTP/1.0\r\n\r\n");
      RawHead head = client.head();
      assertThat(head.status()).isEqualTo(200);
      assertThat(head.values("Transfer-Encoding")).isEmpty();
      assertThat(client.text(5)).isEqualTo("hello");
      assertThat(client.endWithin(SOON)).isEqualTo(RawConnection.End.FINISHED);
      assertThat(client.toEnd()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"HTTP/1.0", "HTTP/1.1"})
  @DisplayName("whole, if the target ends it with the connection")
  void toEnd(String version) throws IOException {
    start(
        connection -> {
          connection.head();
          connection.send(version + " 200 OK\r\nX-A: b\r\n\r\n" + "hello".repeat(10_000));
        });
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send(get("/"));
      assertThat(client.response().body()).isEqualTo("hello".repeat(10_000));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"HTTP/1.0 200 OK\r\n", "HTTP/1.1 200 OK\r\nConnection: close\r\n"})
  @DisplayName("and keeps its connection when the target's ends")
  void keptWhenTheTargetEnds(String head) throws IOException {
    start(
        connection -> {
          RawHead request = connection.head();
          connection.send(head + "Content-Length: 2\r\n\r\n" + request.uri());
        });
    try (RawConnection client = RawConnection.to(proxy.port())) {
      for (String uri : List.of("/1", "/2", "/3")) {
        client.send(get(uri));
        assertThat(client.response().body()).isEqualTo(uri);
      }
    }
  }

  @Test
  @DisplayName("and its connection ends if it says so")
  void close() throws IOException {
    echoing();
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send("GET /a HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n");
      assertThat(client.response().body()).isEqualTo("/a");
      assertThat(client.endWithin(SOON)).isEqualTo(RawConnection.End.FINISHED);
    }
  }

  @Test
  @DisplayName("and one connection to the target serves many requests")
  void reused() throws IOException {
    echoing();
    for (int i = 0; i < 20; i++) {
      try (RawConnection client = RawConnection.to(proxy.port())) {
        client.send(get("/a") + get("/b"));
        assertThat(client.response().body()).isEqualTo("/a");
        assertThat(client.response().body()).isEqualTo("/b");
      }
    }
    assertThat(target.connections()).hasSizeLessThanOrEqualTo(8);
  }

  @Test
  @DisplayName("in the order of its requests, when they come before the answers")
  void pipelined() throws IOException {
    AtomicInteger asked = new AtomicInteger();
    CompletableFuture<Void> goOn = new CompletableFuture<>();
    target =
        RawTarget.answering(
            request -> {
              if (asked.incrementAndGet() == 1) {
                goOn.join();
              }
              return RawTarget.ok(request.uri());
            });
    proxy = ProxyUnderTest.before(target);
    String post = "POST /2 HTTP/1.1\r\nHost: hub\r\nContent-Length: 5\r\n\r\nhello";
    String chunks =
        "POST /3 HTTP/1.1\r\nHost: hub\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n0\r\n\r\n";
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send(get("/1") + post + chunks + get("/4"));
      assertThat(client.isSilentFor(MOMENT)).isTrue();
      goOn.complete(null);
      for (String uri : List.of("/1", "/2", "/3", "/4")) {
        assertThat(client.response().body()).isEqualTo(uri);
      }
    }
  }

  @Test
  @DisplayName("however small the pieces of its requests are")
  void byteByByte() throws IOException {
    echoing();
    String post = "POST /2 HTTP/1.1\r\nHost: hub\r\nContent-Length: 5\r\n\r\nhello";
    try (RawConnection client = RawConnection.to(proxy.port())) {
      for (char c : (get("/1") + post + get("/3")).toCharArray()) {
        client.send(String.valueOf(c));
      }
      for (String uri : List.of("/1", "/2", "/3")) {
        assertThat(client.response().body()).isEqualTo(uri);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET", "DELETE", "POST", "PATCH", "OPTIONS", "REPORT"})
  @DisplayName("for a body with any method")
  void body(String method) throws IOException {
    start(
        connection -> {
          while (true) {
            RawHead head = connection.head();
            connection.send(RawTarget.ok(head.method() + connection.body(head)));
          }
        });
    try (RawConnection client = RawConnection.to(proxy.port())) {
      String head = method + " / HTTP/1.1\r\nHost: hub\r\n";
      client.send(head + "Content-Length: 5\r\n\r\nhello");
      assertThat(client.response().body()).isEqualTo(method + "hello");
      client.send(head + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
      assertThat(client.response().body()).isEqualTo(method + "hello");
    }
  }

  @Test
  @DisplayName("and a POST without a body keeps its length of 0")
  void emptyPost() throws IOException {
    target = RawTarget.answering(request -> RawTarget.ok(request.text()));
    proxy = ProxyUnderTest.before(target);
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send("POST / HTTP/1.1\r\nHost: hub\r\nContent-Length: 0\r\n\r\n");
      RawHead seen = new RawHead(client.response().body());
      assertThat(seen.value("Content-Length")).isEqualTo("0");
      assertThat(seen.isChunked()).isFalse();
    }
  }

  @Test
  @DisplayName("among 200 others at once, each its own")
  void manyAtOnce() throws Exception {
    echoing();
    List<RawConnection> clients = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      clients.add(RawConnection.to(proxy.port()));
    }
    for (int round = 0; round < 5; round++) {
      for (int i = 0; i < clients.size(); i++) {
        clients.get(i).send(get("/" + round + "/" + i));
      }
      for (int i = 0; i < clients.size(); i++) {
        assertThat(clients.get(i).response().body()).isEqualTo("/" + round + "/" + i);
      }
    }
    for (RawConnection client : clients) {
      client.close();
    }
  }

  @Test
  @DisplayName("while 300 slow requests of others wait")
  void notQueued() throws Exception {
    CompletableFuture<Void> goOn = new CompletableFuture<>();
    start(
        connection -> {
          RawHead head = connection.head();
          if (head.uri().equals("/slow")) {
            goOn.join();
          }
          connection.send(RawTarget.ok(head.uri()));
        });
    List<RawConnection> slow = new ArrayList<>();
    for (int i : IntStream.range(0, 300).toArray()) {
      slow.add(RawConnection.to(proxy.port()));
      slow.get(i).send(get("/slow"));
    }
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send(get("/quick"));
      assertThat(client.response().body()).isEqualTo("/quick");
    }
    goOn.complete(null);
    for (RawConnection client : slow) {
      assertThat(client.response().body()).isEqualTo("/slow");
      client.close();
    }
  }
}
