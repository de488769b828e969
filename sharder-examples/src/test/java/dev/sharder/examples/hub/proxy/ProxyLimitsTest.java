package dev.sharder.examples.hub.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The limits of the proxy")
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ProxyLimitsTest {

  private static final int MOST_HEAD = 8_192;
  private static final Optional<Duration> NONE = Optional.empty();
  private static final Duration BRIEF = Duration.ofMillis(100);
  private static final Duration LIMIT = Duration.ofMillis(700);
  private static final Duration SOON = Duration.ofSeconds(3);
  private static final Duration LONG = Duration.ofMinutes(5);

  /** A limit for what goes on in pieces, each of which takes an eighth of it. */
  private static final Duration PIECES = Duration.ofSeconds(3);

  private static final ProxyLimits LIMITS = stalling(LONG);
  private static final byte[] UPLOAD = new byte[64 * 1024 * 1024];
  private static final String GET = "GET / HTTP/1.1\r\nHost: hub\r\n\r\n";

  private RawTarget target;
  private ProxyUnderTest proxy;

  private void start(ProxyLimits limits, RawTarget.Script script) throws IOException {
    target = RawTarget.running(script);
    proxy = OurProxy.withDefaults().with(limits).before(target.port());
  }

  private void start(ProxyLimits limits) throws IOException {
    target = RawTarget.answering(request -> RawTarget.ok("hi"));
    proxy = OurProxy.withDefaults().with(limits).before(target.port());
  }

  @AfterEach
  void stop() throws IOException {
    proxy.close();
    target.check();
    target.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /%s HTTP/1.1\r\nHost: hub\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: hub\r\nX-A: %s\r\n\r\n"
      })
  @DisplayName("let a head pass that is as long as they allow, and answer a longer one with 431")
  void longHead(String form) throws IOException {
    start(LIMITS);
    int more = MOST_HEAD - form.length() + 2;
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send(form.formatted("x".repeat(more)));
      assertThat(client.response().status()).isEqualTo(200);
      client.send(form.formatted("x".repeat(more + 1)));
      assertThat(client.response().status()).isIn(414, 431);
      assertThat(client.endWithin(SOON)).isNotEqualTo(RawConnection.End.OPEN);
    }
    assertThat(target.requests()).isEqualTo(1);
  }

  @Test
  @DisplayName("answer a head without an end with 431 as soon as it is too long")
  void endlessHead() throws IOException {
    start(LIMITS);
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send("GET / HTTP/1.1\r\nHost: hub\r\nX-A: " + "x".repeat(MOST_HEAD));
      assertThat(client.response().status()).isIn(414, 431);
      assertThat(client.endWithin(SOON)).isNotEqualTo(RawConnection.End.OPEN);
    }
    assertThat(target.connections()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {64 * 1024, 1024 * 1024})
  @DisplayName("hold to the byte for heads of any length that can be set")
  void lengthOfHead(int most) throws IOException {
    start(
        limits(most, LONG),
        connection -> {
          connection.exactly(most);
          connection.send(RawTarget.ok("hi"));
        });
    String begin = "GET / HTTP/1.1\r\nHost: hub\r\nX-A: ";
    try (RawConnection fits = RawConnection.to(proxy.port());
        RawConnection endless = RawConnection.to(proxy.port())) {
      fits.send(begin + "x".repeat(most - begin.length() - 4) + "\r\n\r\n");
      assertThat(fits.response().status()).isEqualTo(200);
      endless.send(begin + "x".repeat(most - begin.length()));
      assertThat(endless.isSilentFor(LIMIT)).isTrue();
      endless.send("x");
      assertThat(endless.response().status()).isEqualTo(431);
    }
    assertThat(target.connections()).hasSize(1);
  }

  @Test
  @DisplayName("take few requests that the proxy answers itself from a client that reads nothing")
  void answersThatNobodyReads() throws Exception {
    target = RawTarget.answering(request -> RawTarget.ok("hi"));
    proxy =
        OurProxy.withDefaults()
            .routedBy(
                request ->
                    CompletableFuture.completedFuture(
                        new Decision.Refuse(404, "Nothing is here.")));
    byte[] many = GET.repeat(10_000).getBytes(StandardCharsets.US_ASCII);
    try (SocketChannel client = SocketChannel.open()) {
      client.setOption(StandardSocketOptions.SO_RCVBUF, 4_096);
      client.connect(new InetSocketAddress("127.0.0.1", proxy.port()));
      client.configureBlocking(false);
      long taken = 0;
      long progress = System.nanoTime();
      while (System.nanoTime() - progress < SOON.toNanos()) {
        int written = client.write(ByteBuffer.wrap(many));
        progress = written > 0 ? System.nanoTime() : progress;
        taken += written;
        assertThat(taken).isLessThan(32 * 1024 * 1024);
        LockSupport.parkNanos(1_000_000);
      }
    }
  }

  @Test
  @DisplayName("allow 32 KB of cookies by default")
  void cookies() throws IOException {
    start(ProxyLimits.defaults());
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send("GET / HTTP/1.1\r\nHost: hub\r\nCookie: a=" + "x".repeat(32 * 1024) + "\r\n\r\n");
      assertThat(client.response().status()).isEqualTo(200);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "GET / HTTP/1.1\r\nHost: hub\r\n\r\n"})
  @DisplayName("cut a head that comes too slowly, the first one or a later one")
  void slowHead(String before) throws IOException {
    start(LIMITS);
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send(before);
      if (!before.isEmpty()) {
        assertThat(client.response().status()).isEqualTo(200);
      }
      client.send("GET / HTTP/1.1\r\nX-A: ");
      long start = System.nanoTime();
      while (client.end() == RawConnection.End.OPEN) {
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(SOON);
        drip(client);
      }
    }
    assertThat(target.requests()).isEqualTo(before.isEmpty() ? 0 : 1);
  }

  private static void drip(RawConnection client) {
    try {
      client.send("x");
      client.endWithin(Duration.ofMillis(50));
    } catch (IOException cut) {
      client.endWithin(SOON);
    }
  }

  @Test
  @DisplayName("close a connection on which nothing is asked")
  void silent() throws IOException {
    start(LIMITS);
    try (RawConnection client = RawConnection.to(proxy.port())) {
      assertThat(client.endWithin(SOON)).isNotEqualTo(RawConnection.End.OPEN);
    }
  }

  @Test
  @DisplayName("close a connection on which nothing was asked yet sooner than one that was used")
  void unused() throws IOException {
    start(limits(MOST_HEAD, LIMIT, LONG, LONG, NONE, NONE, BRIEF));
    try (RawConnection used = RawConnection.to(proxy.port());
        RawConnection unused = RawConnection.to(proxy.port())) {
      used.send(GET);
      assertThat(used.response().status()).isEqualTo(200);
      assertThat(unused.endWithin(SOON)).isEqualTo(RawConnection.End.FINISHED);
      assertThat(used.isSilentFor(LIMIT)).isTrue();
    }
  }

  @Test
  @DisplayName("close a connection on which nothing more is asked, but not before its time")
  void idle() throws IOException {
    start(limits(MOST_HEAD, LIMIT, PIECES, LONG, NONE, NONE, BRIEF));
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send(GET);
      assertThat(client.response().status()).isEqualTo(200);
      assertThat(client.isSilentFor(PIECES.dividedBy(8))).isTrue();
      client.send(GET);
      assertThat(client.response().status()).isEqualTo(200);
      assertThat(client.endWithin(RawConnection.PATIENCE)).isEqualTo(RawConnection.End.FINISHED);
    }
  }

  @Test
  @DisplayName("leave a request alone that its target takes long to answer")
  void slowTarget() throws IOException {
    CompletableFuture<Void> goOn = new CompletableFuture<>();
    start(
        LIMITS,
        connection -> {
          connection.head();
          goOn.join();
          connection.send(RawTarget.ok("hi"));
        });
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send(GET);
      assertThat(client.isSilentFor(LIMIT.multipliedBy(2))).isTrue();
      goOn.complete(null);
      assertThat(client.response().status()).isEqualTo(200);
    }
  }

  @Test
  @DisplayName("leave a silent event stream alone")
  void silentStream() throws IOException {
    CompletableFuture<Void> goOn = new CompletableFuture<>();
    start(
        LIMITS,
        connection -> {
          connection.head();
          connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
          goOn.join();
          connection.send("2\r\nhi\r\n0\r\n\r\n");
        });
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send(GET);
      RawHead head = client.head();
      assertThat(client.isSilentFor(LIMIT.multipliedBy(2))).isTrue();
      goOn.complete(null);
      assertThat(client.body(head)).isEqualTo("hi");
    }
  }

  @Test
  @DisplayName("end the wait for a target where one is set, with 504")
  void silentTarget() throws IOException {
    start(silence(NONE, Optional.of(LIMIT)), RawConnection::toEnd);
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send(GET);
      assertThat(client.response().status()).isEqualTo(504);
    }
    target.awaitNoneOpen(SOON);
  }

  @Test
  @DisplayName("end no answer because its client takes it slowly, where one is set for targets")
  void slowClient() throws IOException {
    start(
        silence(NONE, Optional.of(LIMIT)),
        connection -> {
          connection.head();
          connection.send("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n".formatted(UPLOAD.length));
          connection.send(UPLOAD);
        });
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send(GET);
      assertThat(client.head().status()).isEqualTo(200);
      assertThat(client.endWithin(LIMIT.multipliedBy(2))).isEqualTo(RawConnection.End.OPEN);
      assertThat(client.exactly(UPLOAD.length)).isEqualTo(UPLOAD);
    }
  }

  @Test
  @DisplayName("end an upload that stands still where one is set")
  void silentUpload() throws IOException {
    start(silence(Optional.of(LIMIT), NONE), RawConnection::toEnd);
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send("PUT / HTTP/1.1\r\nHost: hub\r\nContent-Length: 9\r\n\r\nhalf");
      assertThat(client.endWithin(SOON)).isNotEqualTo(RawConnection.End.OPEN);
    }
    target.awaitNoneOpen(SOON);
  }

  @Test
  @DisplayName("end no upload that goes on slowly, where one is set")
  void slowUpload() throws IOException {
    start(
        silence(Optional.of(PIECES), Optional.of(PIECES)),
        connection -> connection.send(RawTarget.ok(connection.body(connection.head()))));
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send("PUT / HTTP/1.1\r\nHost: hub\r\nContent-Length: 9\r\n\r\n");
      for (String piece : "some more".split("")) {
        assertThat(client.isSilentFor(PIECES.dividedBy(8))).isTrue();
        client.send(piece);
      }
      assertThat(client.response().body()).isEqualTo("some more");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Content-Length: 9\r\n\r\n",
        "Content-Length: 9\r\n\r\nhalf",
        "Transfer-Encoding: chunked\r\n\r\n9\r\nhalf"
      })
  @DisplayName("answer an upload that stands still with 408, and leave its target")
  void stalledUpload(String half) throws IOException {
    start(stalling(LIMIT), RawConnection::toEnd);
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send("POST / HTTP/1.1\r\nHost: hub\r\n" + half);
      assertThat(client.response().status()).isEqualTo(408);
      assertThat(client.endWithin(SOON)).isEqualTo(RawConnection.End.FINISHED);
    }
    target.awaitNoneOpen(SOON);
  }

  @Test
  @DisplayName("leave an upload alone while its target speaks, however long that takes")
  void answeredUpload() throws IOException {
    start(
        stalling(PIECES),
        connection -> {
          connection.head();
          connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
          for (int i = 0; i < 9; i++) {
            connection.endWithin(PIECES.dividedBy(8));
            connection.send("1\r\nx\r\n");
          }
          connection.send("2\r\n" + connection.text(2) + "\r\n0\r\n\r\n");
        });
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send("POST / HTTP/1.1\r\nHost: hub\r\nContent-Length: 2\r\n\r\n");
      RawHead head = client.head();
      Eventually.holds(
          "all but its end is there", () -> client.received().split("x", -1).length > 9);
      client.send("hi");
      assertThat(client.body(head)).isEqualTo("xxxxxxxxxhi");
    }
  }

  @Test
  @DisplayName("cut an answer that stands still, where one is set, so that it does not seem whole")
  void silentAnswer() throws IOException {
    start(
        silence(Optional.of(LIMIT), NONE),
        connection -> {
          connection.head();
          connection.send("HTTP/1.1 200 OK\r\n\r\nhalf");
          connection.toEnd();
        });
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send("GET / HTTP/1.0\r\nHost: hub\r\n\r\n");
      assertThat(client.endWithin(SOON)).isEqualTo(RawConnection.End.RESET);
      assertThat(client.received()).endsWith("half");
    }
    target.awaitNoneOpen(SOON);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.0", "1.1"})
  @DisplayName("cut the answer of a target that takes no more of the upload")
  void stalledTarget(String version) throws IOException {
    start(
        stalling(LIMIT),
        connection -> {
          connection.head();
          connection.send("HTTP/1.1 200 OK\r\n\r\nhalf");
          connection.endWithin(LONG);
        });
    try (RawConnection client = RawConnection.to(proxy.port())) {
      String head = "POST / HTTP/%s\r\nHost: hub\r\nContent-Length: %d\r\n\r\n";
      client.send(head.formatted(version, UPLOAD.length));
      CompletableFuture<Void> upload = CompletableFuture.runAsync(() -> send(client, UPLOAD));
      assertThat(upload).failsWithin(RawConnection.PATIENCE);
      assertThat(client.endWithin(SOON)).isEqualTo(RawConnection.End.RESET);
      assertThat(client.received()).contains("half").doesNotEndWith("0\r\n\r\n");
    }
  }

  private static void send(RawConnection client, byte[] bytes) {
    try {
      client.send(bytes);
    } catch (IOException cut) {
      throw new UncheckedIOException(cut);
    }
  }

  private static ProxyLimits stalling(Duration stall) {
    return limits(MOST_HEAD, LIMIT, LIMIT, stall, NONE, NONE, BRIEF);
  }

  private static ProxyLimits limits(int headBytes, Duration head) {
    return limits(headBytes, head, LIMIT, LONG, NONE, NONE, BRIEF);
  }

  private static ProxyLimits silence(Optional<Duration> client, Optional<Duration> target) {
    return limits(MOST_HEAD, LIMIT, LIMIT, LONG, client, target, BRIEF);
  }

  private static ProxyLimits limits(
      int headBytes,
      Duration head,
      Duration idle,
      Duration stall,
      Optional<Duration> client,
      Optional<Duration> target,
      Duration drain) {
    return new ProxyLimits(headBytes, head, idle, LIMIT, stall, client, target, LIMIT, drain, 100);
  }

  @Test
  @DisplayName("let a request under way finish when the proxy stops, and take no new one")
  void drain() throws Exception {
    CompletableFuture<Void> goOn = new CompletableFuture<>();
    start(
        limits(MOST_HEAD, LIMIT, LIMIT, LONG, NONE, NONE, SOON),
        connection -> {
          connection.head();
          goOn.join();
          connection.send(RawTarget.ok("hi"));
        });
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send(GET);
      target.connection(0);
      CompletableFuture<Void> stopped = CompletableFuture.runAsync(proxy::close);
      Eventually.holds("the proxy takes no new connection", SOON, this::refuses);
      assertThat(stopped).isNotDone();
      goOn.complete(null);
      assertThat(client.response().body()).isEqualTo("hi");
      stopped.get();
    }
  }

  private boolean refuses() {
    try (RawConnection client = RawConnection.to(proxy.port())) {
      return client.endWithin(Duration.ofMillis(100)) != RawConnection.End.OPEN;
    } catch (IOException refused) {
      return true;
    }
  }

  @Test
  @DisplayName("end a request under way that takes longer than the proxy may take to stop")
  void drainEnds() throws IOException {
    start(LIMITS, RawConnection::toEnd);
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send(GET);
      target.connection(0);
      long start = System.nanoTime();
      proxy.close();
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(RawConnection.PATIENCE);
      assertThat(client.endWithin(SOON)).isNotEqualTo(RawConnection.End.OPEN);
    }
    target.awaitNoneOpen(SOON);
  }
}
