package dev.sharder.examples.hub.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.examples.hub.proxy.Decision.Answer;
import dev.sharder.examples.hub.proxy.Decision.Forward;
import dev.sharder.examples.hub.proxy.Decision.HeaderEdits;
import dev.sharder.examples.hub.proxy.Decision.Refuse;
import dev.sharder.jdbc.FreePorts;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A router decides")
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ProxyRoutingTest {

  private static final Duration MOMENT = Duration.ofMillis(200);
  private static final Duration SOON = Duration.ofSeconds(3);
  private static final String GET = "GET / HTTP/1.1\r\nHost: hub\r\n\r\n";

  private final RecordedTraffic traffic = new RecordedTraffic();
  private RawTarget target;
  private ProxyUnderTest proxy;
  private RawConnection client;

  private void start(Router router) throws IOException {
    target = RawTarget.answering(request -> RawTarget.ok(request.text()));
    proxy = OurProxy.withDefaults().routedBy(router);
    client = RawConnection.to(proxy.port());
  }

  private void deciding(Decision decision) throws IOException {
    start(request -> CompletableFuture.completedFuture(decision));
  }

  private Forward forward(String uri, HeaderEdits edits) {
    return new Forward(Target.parse("http://127.0.0.1:" + target.port()), uri, edits, traffic);
  }

  @AfterEach
  void stop() throws IOException {
    client.close();
    proxy.close();
    target.close();
  }

  @Test
  @DisplayName("for each request on a connection anew")
  void eachRequest() throws IOException {
    try (RawTarget other = RawTarget.answering(request -> RawTarget.ok("other"))) {
      start(
          request ->
              CompletableFuture.completedFuture(
                  request.path().equals("/other")
                      ? new Forward(
                          Target.parse("http://127.0.0.1:" + other.port()),
                          request.uri(),
                          HeaderEdits.NONE,
                          traffic)
                      : forward(request.uri(), HeaderEdits.NONE)));
      client.send("GET /other HTTP/1.1\r\nHost: hub\r\n\r\n" + GET);
      assertThat(client.response().body()).isEqualTo("other");
      assertThat(client.response().body()).startsWith("GET / ");
    }
  }

  @Test
  @DisplayName("from what the client asked, byte for byte")
  void request() throws IOException {
    CompletableFuture<RequestHead> seen = new CompletableFuture<>();
    start(
        request -> {
          seen.complete(request);
          return CompletableFuture.completedFuture(forward("/", HeaderEdits.NONE));
        });
    client.send("POST /a%2Fb??c HTTP/1.1\r\nHost: HUB:80\r\nX-A: b\r\nContent-Length: 0\r\n\r\n");
    assertThat(client.response().status()).isEqualTo(200);
    RequestHead request = seen.join();
    assertThat(request.method()).isEqualTo("POST");
    assertThat(request.uri()).isEqualTo("/a%2Fb??c");
    assertThat(request.path()).isEqualTo("/a%2Fb");
    assertThat(request.host()).isEqualTo("HUB:80");
    assertThat(request.header("x-a")).isEqualTo("b");
    assertThat(request.header("X-B")).isNull();
    assertThat(request.peer().isLoopbackAddress()).isTrue();
    assertThat(request.isTls()).isFalse();
  }

  @Test
  @DisplayName("what the target is asked for")
  void uri() throws IOException {
    start(
        request ->
            CompletableFuture.completedFuture(
                forward("/base" + request.uri() + "\u00c3\u00a9", HeaderEdits.NONE)));
    client.send("GET /a?b HTTP/1.1\r\nHost: hub\r\n\r\n");
    assertThat(client.response().body()).startsWith("GET /base/a?b\u00c3\u00a9 HTTP/1.1\r\n");
  }

  @Test
  @DisplayName("which header fields go to the target, however the client spells them")
  void edits() throws IOException {
    HeaderEdits edits =
        new HeaderEdits(List.of("REMOTE_USER", "Authorization"), Map.of("Remote-User", "ada"));
    start(request -> CompletableFuture.completedFuture(forward("/", edits)));
    client.send(
        "GET / HTTP/1.1\r\nHost: hub\r\nREMOTE_USER: eve\r\nremote-user: eve\r\nRemote_User: eve\r\n"
            + "AUTHORIZATION: secret\r\nX-A: b\r\n\r\n");
    RawHead seen = new RawHead(client.response().body());
    assertThat(seen.values("Remote-User")).containsExactly("ada");
    assertThat(seen.value("X-A")).isEqualTo("b");
    assertThat(seen.text()).doesNotContain("eve", "secret");
  }

  @Test
  @DisplayName("later, on any thread, while other requests go on")
  void later() throws Exception {
    CompletableFuture<Decision> decision = new CompletableFuture<>();
    start(
        request ->
            request.path().equals("/slow")
                ? decision
                : CompletableFuture.completedFuture(forward("/", HeaderEdits.NONE)));
    client.send("PUT /slow HTTP/1.1\r\nHost: hub\r\nContent-Length: 5\r\n\r\nhello");
    try (RawConnection other = RawConnection.to(proxy.port())) {
      other.send(GET);
      assertThat(other.response().status()).isEqualTo(200);
    }
    assertThat(client.isSilentFor(MOMENT)).isTrue();
    Thread decider = new Thread(() -> decision.complete(forward("/slow", HeaderEdits.NONE)));
    decider.start();
    assertThat(client.response().body()).startsWith("PUT /slow HTTP/1.1");
    decider.join();
  }

  @Test
  @DisplayName("too late for a client that has left, and then no target is asked")
  void tooLate() throws Exception {
    CompletableFuture<Decision> decision = new CompletableFuture<>();
    CompletableFuture<Void> asked = new CompletableFuture<>();
    start(
        request -> {
          asked.complete(null);
          return request.path().equals("/slow")
              ? decision
              : CompletableFuture.completedFuture(forward("/", HeaderEdits.NONE));
        });
    client.send("GET /slow HTTP/1.1\r\nHost: hub\r\n\r\n");
    asked.get();
    client.close();
    try (RawConnection other = RawConnection.to(proxy.port())) {
      other.send(GET);
      assertThat(other.response().status()).isEqualTo(200);
      decision.complete(forward("/slow", HeaderEdits.NONE));
      other.send(GET);
      assertThat(other.response().status()).isEqualTo(200);
    }
    Eventually.holds("one connection to the target is left", SOON, () -> target.open() <= 1);
    assertThat(target.received()).doesNotContain("/slow");
  }

  @Test
  @DisplayName("nothing, and the client gets a 503")
  void fails() throws IOException {
    start(
        request -> {
          if (request.path().equals("/throws")) {
            throw new IllegalStateException("this test wants it");
          }
          return CompletableFuture.failedFuture(new IllegalStateException("this test wants it"));
        });
    client.send(GET + "GET /throws HTTP/1.1\r\nHost: hub\r\n\r\n" + GET);
    for (int i = 0; i < 3; i++) {
      assertThat(client.response().status()).isEqualTo(503);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET", "HEAD"})
  @DisplayName("that the proxy refuses, with a page, and the connection goes on")
  void refuses(String method) throws IOException {
    deciding(new Refuse(503, "hub-1 is down"));
    for (int i = 0; i < 3; i++) {
      client.send(method + " / HTTP/1.1\r\nHost: hub\r\n\r\n");
      RawHead head = client.head();
      assertThat(head.status()).isEqualTo(503);
      assertThat(head.value("Content-Type")).startsWith("text/plain");
      if (method.equals("GET")) {
        assertThat(client.body(head)).contains("hub-1 is down");
      }
    }
  }

  @Test
  @DisplayName("that the proxy answers by itself, with its own body")
  void answers() throws IOException {
    deciding(Answer.text(200, "text/html", "<p>gr\u00fc\u00dfe"));
    client.send(GET + GET + "GET / HTTP/1.0\r\n\r\n");
    for (int i = 0; i < 3; i++) {
      RawResponse response = client.response();
      assertThat(response.status()).isEqualTo(200);
      assertThat(response.head().value("Content-Type")).isEqualTo("text/html; charset=utf-8");
      assertThat(response.body()).isEqualTo("<p>gr\u00c3\u00bc\u00c3\u009fe");
    }
    assertThat(client.endWithin(SOON)).isEqualTo(RawConnection.End.FINISHED);
  }

  @Test
  @DisplayName("that an upload is refused, and its client sees the page")
  void refusesUpload() throws Exception {
    deciding(new Refuse(404, "there is no such hub"));
    client.send("PUT / HTTP/1.1\r\nHost: hub\r\nContent-Length: 20000000\r\n\r\n");
    Thread upload =
        new Thread(
            () -> {
              try {
                for (int i = 0; i < 20; i++) {
                  client.send(new byte[1_000_000]);
                }
              } catch (IOException cut) {
                // It was told.
              }
            });
    upload.start();
    assertThat(client.response().status()).isEqualTo(404);
    client.close();
    upload.join();
  }

  @Test
  @DisplayName("that a websocket is refused, and its client sees the page")
  void refusesWebSocket() throws IOException {
    deciding(new Refuse(403, "not yours"));
    client.send("GET / HTTP/1.1\r\nHost: hub\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    RawResponse response = client.response();
    assertThat(response.status()).isEqualTo(403);
    assertThat(response.body()).contains("not yours");
  }

  @Test
  @DisplayName("who hears of the answer")
  void hearsOfAnswers() throws IOException {
    start(request -> CompletableFuture.completedFuture(forward("/", HeaderEdits.NONE)));
    client.send(GET);
    assertThat(client.response().status()).isEqualTo(200);
    traffic.await("answered 200");
  }

  @Test
  @DisplayName("who hears of a target that cannot be reached")
  void hearsOfFailures() throws IOException {
    int nothing = FreePorts.next();
    deciding(
        new Forward(Target.parse("http://127.0.0.1:" + nothing), "/", HeaderEdits.NONE, traffic));
    client.send(GET);
    assertThat(client.response().status()).isIn(502, 503);
    traffic.await("failed");
  }

  @Test
  @DisplayName("who hears nothing of an answer that its client did not wait for")
  void hearsOfNoLostAnswer() throws Exception {
    CompletableFuture<Void> goOn = new CompletableFuture<>();
    target =
        RawTarget.running(
            connection -> {
              connection.head();
              connection.endWithin(SOON);
              goOn.complete(null);
            });
    proxy =
        OurProxy.withDefaults()
            .routedBy(request -> CompletableFuture.completedFuture(forward("/", HeaderEdits.NONE)));
    client = RawConnection.to(proxy.port());
    client.send(GET);
    Eventually.holds("the request is there", () -> target.requests() == 1);
    client.close();
    goOn.get();
    assertThat(traffic.events()).isEmpty();
  }
}
