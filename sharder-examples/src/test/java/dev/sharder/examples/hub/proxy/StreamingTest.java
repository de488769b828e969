package dev.sharder.examples.hub.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("What is sent piece by piece arrives piece by piece")
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StreamingTest {

  private static final Duration MOMENT = Duration.ofMillis(200);
  private static final String GET = "GET / HTTP/1.1\r\nHost: hub\r\n\r\n";
  private static final String POST = "POST / HTTP/1.1\r\nHost: hub\r\n";
  private static final String CHUNKED = "Transfer-Encoding: chunked\r\n\r\n";

  private final BlockingQueue<String> pieces = new LinkedBlockingQueue<>();
  private RawTarget target;
  private ProxyUnderTest proxy;

  private void start(RawTarget.Script script) throws IOException {
    target = RawTarget.running(script);
    proxy = ProxyUnderTest.before(target);
  }

  @AfterEach
  void stop() throws IOException {
    proxy.close();
    target.check();
    target.close();
  }

  /** Reads a request and sends the pieces of the test, up to an empty one. */
  private void sendPieces(RawConnection connection) throws Exception {
    connection.head();
    for (String piece = pieces.take(); !piece.isEmpty(); piece = pieces.take()) {
      connection.send(piece);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"Content-Length: 1\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n", "\r\n"})
  @DisplayName("such as the head of an answer before there is a body")
  void headBeforeBody(String end) throws IOException {
    start(this::sendPieces);
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send(GET);
      pieces.add("HTTP/1.1 200 OK\r\n" + end);
      assertThat(client.head().status()).isEqualTo(200);
      assertThat(client.isSilentFor(MOMENT)).isTrue();
    }
    pieces.add("");
  }

  @Test
  @DisplayName("such as server-sent events, byte by byte")
  void events() throws IOException {
    start(this::sendPieces);
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send(GET);
      pieces.add("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" + CHUNKED);
      assertThat(client.head().value("Content-Type")).isEqualTo("text/event-stream");
      for (char c : "event: progress\ndata: {\"progress\": 50}\n\n".toCharArray()) {
        pieces.add("1\r\n" + c + "\r\n");
        assertThat(client.chunk()).isEqualTo(String.valueOf(c));
      }
      pieces.add("0\r\n\r\n");
      assertThat(client.chunk()).isEmpty();
    }
    pieces.add("");
  }

  @ParameterizedTest
  @ValueSource(strings = {"HTTP/1.1", "HTTP/1.0"})
  @DisplayName("such as an answer that ends with the connection, byte by byte")
  void toEnd(String version) throws IOException {
    start(this::sendPieces);
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send("GET / " + version + "\r\nHost: hub\r\n\r\n");
      pieces.add("HTTP/1.1 200 OK\r\n\r\n");
      RawHead head = client.head();
      for (String piece : "a stream of bytes".split("")) {
        pieces.add(piece);
        assertThat(head.isChunked() ? client.chunk() : client.text(1)).isEqualTo(piece);
      }
      pieces.add("");
      if (head.isChunked()) {
        assertThat(client.chunk()).isEmpty();
      } else {
        assertThat(client.endWithin(RawConnection.PATIENCE)).isEqualTo(RawConnection.End.FINISHED);
      }
    }
  }

  @Test
  @DisplayName("such as an answer of known length, byte by byte")
  void ofLength() throws IOException {
    start(this::sendPieces);
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send(GET);
      pieces.add("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
      assertThat(client.head().status()).isEqualTo(200);
      for (String piece : "some more".split("")) {
        pieces.add(piece);
        assertThat(client.text(1)).isEqualTo(piece);
      }
    }
    pieces.add("");
  }

  @Test
  @DisplayName("such as the head of an answer that itself comes byte by byte")
  void slowHead() throws IOException {
    start(this::sendPieces);
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send(GET);
      for (String piece : RawTarget.ok("hi").split("(?<=[ /:]|\r(?!\n\r)|\n(?!\r|hi))")) {
        assertThat(client.isSilentFor(Duration.ofMillis(5))).isTrue();
        pieces.add(piece);
      }
      assertThat(client.response().body()).isEqualTo("hi");
    }
    pieces.add("");
  }

  @ParameterizedTest
  @ValueSource(strings = {"Content-Length: 20\r\n\r\n", CHUNKED})
  @DisplayName("such as an upload, whose head arrives before its body and whose bytes one by one")
  void upload(String framing) throws IOException {
    start(connection -> read(connection, 20, 20));
    String received = "a byte after another";
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send(POST + framing);
      RawConnection seen = target.connection(0);
      Eventually.holds("the head is there", () -> seen.received().contains("\r\n\r\n"));
      for (int i = 0; i < received.length(); i++) {
        String piece = received.substring(i, i + 1);
        long before = seen.received().length();
        client.send(framing.equals(CHUNKED) ? "1\r\n" + piece + "\r\n" : piece);
        Eventually.holds("the next byte is there", () -> seen.received().length() > before);
      }
      client.send(framing.equals(CHUNKED) ? "0\r\n\r\n" : "");
      assertThat(client.response().body()).isEqualTo(received);
    }
  }

  /** Reads a request and answers with its body. */
  private static void read(RawConnection connection, int least, int most) throws IOException {
    String body = connection.body(connection.head());
    assertThat(body).hasSizeBetween(least, most);
    connection.send(RawTarget.ok(body));
  }

  @Test
  @DisplayName("such as an upload that is slower than every limit on heads and idle connections")
  void slowUpload() throws IOException {
    target = RawTarget.running(connection -> read(connection, 64, 64));
    proxy = slowUploads(target);
    uploadSlowly(4, Duration.ofMillis(700));
  }

  private static ProxyUnderTest slowUploads(RawTarget target) throws IOException {
    ProxyLimits defaults = ProxyLimits.defaults();
    return OurProxy.withDefaults()
        .with(
            new ProxyLimits(
                defaults.headBytes(),
                Duration.ofMillis(500),
                Duration.ofMillis(500),
                defaults.linger(),
                defaults.stall(),
                defaults.client(),
                defaults.target(),
                Duration.ofMillis(500),
                Duration.ofMillis(100),
                defaults.connections()))
        .before(target.port());
  }

  @Test
  @Tag("slow")
  @Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  @DisplayName("such as an upload of 16 bytes every 5 s for seven minutes")
  void sevenMinutes() throws IOException {
    start(connection -> read(connection, 84 * 16, 84 * 16));
    uploadSlowly(84, Duration.ofSeconds(5));
  }

  private void uploadSlowly(int pieces, Duration pause) throws IOException {
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send(POST + "Content-Length: " + 16 * pieces + "\r\n\r\n");
      for (int i = 0; i < pieces; i++) {
        assertThat(client.isSilentFor(pause)).as("it is not cut before piece %d", i).isTrue();
        client.send("0123456789abcdef");
      }
      assertThat(client.response().body()).isEqualTo("0123456789abcdef".repeat(pieces));
    }
  }

  @Test
  @DisplayName("such as an upload in chunks of one byte, many at once")
  void smallChunks() throws IOException {
    int count = 50_000;
    start(connection -> read(connection, count, count));
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send(POST + CHUNKED + "1\r\nx\r\n".repeat(count) + "0\r\n\r\n");
      assertThat(client.response().body()).isEqualTo("x".repeat(count));
    }
  }

  @Test
  @DisplayName("such as 100 Continue, which the target says and no one else")
  void goOn() throws IOException {
    start(
        connection -> {
          RawHead head = connection.head();
          assertThat(head.value("Expect")).isEqualToIgnoringCase("100-continue");
          connection.send(pieces.take());
          connection.send(RawTarget.ok(connection.body(head)));
        });
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send(POST + "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n");
      assertThat(client.isSilentFor(MOMENT)).isTrue();
      pieces.add("HTTP/1.1 100 Continue\r\n\r\n");
      assertThat(client.head().status()).isEqualTo(100);
      client.send("hello");
      assertThat(client.response().body()).isEqualTo("hello");
    }
  }

  @Test
  @DisplayName("such as a refusal instead of 100 Continue, before any body")
  void doNotGoOn() throws IOException {
    start(
        connection -> {
          connection.head();
          connection.send("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 2\r\n\r\nno");
          connection.toEnd();
        });
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send(POST + "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n");
      RawResponse response = client.response();
      assertThat(response.status()).isEqualTo(417);
      assertThat(response.body()).isEqualTo("no");
    }
  }

  @Test
  @DisplayName("such as a body that does not wait for 100 Continue")
  void impatient() throws IOException {
    start(
        connection -> {
          RawHead head = connection.head();
          String body = connection.body(head);
          connection.send("HTTP/1.1 100 Continue\r\n\r\n" + RawTarget.ok(body));
        });
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send(POST + "Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello");
      assertThat(finalResponse(client).body()).isEqualTo("hello");
    }
  }

  @Test
  @DisplayName("but 103 Early Hints, several of them, never become the answer")
  void earlyHints() throws IOException {
    String hints = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n";
    start(
        connection -> {
          for (int i = 0; i < 2; i++) {
            connection.head();
            connection.send(hints);
            connection.send(hints + "HTTP/1.1 102 Processing\r\n\r\n");
            connection.send(RawTarget.ok("answer " + i));
          }
        });
    try (RawConnection client = RawConnection.to(proxy.port())) {
      for (int i = 0; i < 2; i++) {
        client.send(GET);
        assertThat(finalResponse(client).body()).isEqualTo("answer " + i);
      }
    }
  }

  @Test
  @DisplayName("and a client of HTTP/1.0 sees neither 100 nor 103")
  void oldClient() throws IOException {
    start(
        connection -> {
          connection.head();
          connection.send("HTTP/1.1 100 Continue\r\n\r\n");
          connection.send("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n");
          connection.send(RawTarget.ok("hi"));
        });
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send("GET / HTTP/1.0\r\nHost: hub\r\n\r\n");
      assertThat(client.response().status()).isEqualTo(200);
    }
  }

  private static RawResponse finalResponse(RawConnection client) throws IOException {
    RawHead head = client.head();
    while (head.status() < 200) {
      head = client.head();
    }
    assertThat(head.status()).isEqualTo(200);
    return new RawResponse(head, client.body(head));
  }

  @Test
  @DisplayName("and trailers in either direction cut no body and no connection")
  void trailers() throws IOException {
    String body = "5\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 1\r\nX-Other: 2\r\n\r\n";
    start(
        connection -> {
          for (int i = 0; i < 2; i++) {
            assertThat(connection.body(connection.head())).isEqualTo("hello world");
            connection.send("HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\n" + CHUNKED + body);
          }
        });
    try (RawConnection client = RawConnection.to(proxy.port())) {
      for (int i = 0; i < 2; i++) {
        client.send(POST + "Trailer: X-Sum\r\n" + CHUNKED + body);
        assertThat(client.response().body()).isEqualTo("hello world");
      }
    }
  }

  @RepeatedTest(5)
  @DisplayName("and an answer that comes while the upload runs arrives")
  void earlyAnswer() throws Exception {
    start(
        connection -> {
          connection.head();
          connection.exactly(100_000);
          connection.send(
              "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 8\r\n\r\ntoo much");
          connection.finish();
          connection.toEnd();
        });
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send(POST + "Content-Length: 50000000\r\n\r\n");
      Thread upload = new Thread(() -> sendUntilCut(client, 50));
      upload.start();
      RawResponse response = client.response();
      assertThat(response.status()).isEqualTo(413);
      assertThat(response.body()).isEqualTo("too much");
      client.close();
      upload.join();
    }
  }

  private static void sendUntilCut(RawConnection client, int megabytes) {
    try {
      byte[] megabyte = new byte[1_000_000];
      for (int i = 0; i < megabytes; i++) {
        client.send(megabyte);
      }
    } catch (IOException cut) {
      // The answer said that it is too much.
    }
  }

  @Test
  @DisplayName("and an answer in many pieces of all sizes is the same in the end")
  void allSizes() throws IOException {
    String body =
        String.join("", IntStream.range(0, 600).mapToObj(i -> (i % 10 + "").repeat(i)).toList());
    start(
        connection -> {
          connection.head();
          connection.send("HTTP/1.1 200 OK\r\n" + CHUNKED);
          for (int at = 0, size = 1; at < body.length(); at += size++) {
            String piece = body.substring(at, Math.min(body.length(), at + size));
            connection.send(Integer.toHexString(piece.length()) + "\r\n" + piece + "\r\n");
          }
          connection.send("0\r\n\r\n");
        });
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send(GET);
      assertThat(client.response().body()).isEqualTo(body);
    }
  }
}
