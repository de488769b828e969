package dev.sharder.examples.hub.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Bodies of any size pass")
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LargeBodiesTest {

  private static final int MEGABYTE = 1 << 20;
  private static final int PIECE = 1 << 16;

  /** What may be on the way, in the proxy and in the buffers of four sockets. */
  private static final long MOST_TAKEN_IN = 32 * MEGABYTE;

  private static final int SMALL_WINDOW = 64 * 1024;

  private RawTarget target;
  private ProxyUnderTest proxy;

  private void start(RawTarget.Script script) throws IOException {
    target = RawTarget.running(SMALL_WINDOW, script);
    proxy = ProxyUnderTest.before(target);
  }

  @AfterEach
  void stop() throws IOException {
    proxy.close();
    target.check();
    target.close();
  }

  @Test
  @DisplayName("100 MB up, by their length")
  void up() throws IOException {
    long length = 100L * MEGABYTE;
    start(
        connection -> {
          connection.head();
          connection.send(RawTarget.ok(checksum(connection, length)));
        });
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send("PUT / HTTP/1.1\r\nHost: hub\r\nContent-Length: " + length + "\r\n\r\n");
      String sent = sendBytes(client, length, new AtomicLong());
      assertThat(client.response().body()).isEqualTo(sent);
    }
  }

  @Test
  @DisplayName("100 MB down, by their length")
  void down() throws IOException {
    long length = 100L * MEGABYTE;
    CompletableFuture<String> sent = new CompletableFuture<>();
    start(
        connection -> {
          connection.head();
          connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + length + "\r\n\r\n");
          sent.complete(sendBytes(connection, length, new AtomicLong()));
        });
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send("GET / HTTP/1.1\r\nHost: hub\r\n\r\n");
      assertThat(client.head().value("Content-Length")).isEqualTo(String.valueOf(length));
      assertThat(checksum(client, length)).isEqualTo(sent.join());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 16, 48})
  @DisplayName("to their end, although the target leaves before a client begins to read")
  void targetLeaves(int pieces) throws IOException {
    long length = (long) pieces * PIECE;
    CompletableFuture<String> sent = new CompletableFuture<>();
    start(
        connection -> {
          connection.head();
          connection.send(
              "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + length + "\r\n\r\n");
          sent.complete(sendBytes(connection, length, new AtomicLong()));
          connection.close();
        });
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send("GET / HTTP/1.1\r\nHost: hub\r\n\r\n");
      assertThat(client.head().value("Content-Length")).isEqualTo(String.valueOf(length));
      assertThat(checksum(client, length)).isEqualTo(sent.join());
    }
  }

  @Test
  @DisplayName("30 MB up and down at once, in chunks")
  void chunks() throws Exception {
    start(
        connection -> {
          connection.head();
          connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
          for (String chunk = connection.chunk(); !chunk.isEmpty(); chunk = connection.chunk()) {
            connection.send(chunked(chunk));
          }
          connection.send("0\r\n\r\n");
        });
    String piece = new String(bytes(0), ISO_8859_1);
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send("PUT / HTTP/1.1\r\nHost: hub\r\nTransfer-Encoding: chunked\r\n\r\n");
      CompletableFuture<Void> upload =
          CompletableFuture.runAsync(() -> sendChunks(client, piece, 30 * MEGABYTE / PIECE));
      assertThat(client.head().isChunked()).isTrue();
      StringBuilder back = new StringBuilder();
      for (String chunk = client.chunk(); !chunk.isEmpty(); chunk = client.chunk()) {
        back.append(chunk);
      }
      upload.join();
      assertThat(back.toString().equals(piece.repeat(30 * MEGABYTE / PIECE))).isTrue();
    }
  }

  private static String chunked(String piece) {
    return Integer.toHexString(piece.length()) + "\r\n" + piece + "\r\n";
  }

  private static void sendChunks(RawConnection client, String piece, int count) {
    try {
      for (int i = 0; i < count; i++) {
        client.send(chunked(piece));
      }
      client.send("0\r\n\r\n");
    } catch (IOException cut) {
      throw new UncheckedIOException(cut);
    }
  }

  @Test
  @DisplayName("and of an upload that its target does not read, less than 32 MB are taken in")
  void slowTarget() throws Exception {
    long length = 64L * MEGABYTE;
    CompletableFuture<Void> goOn = new CompletableFuture<>();
    start(
        connection -> {
          connection.head();
          goOn.join();
          connection.send(RawTarget.ok(checksum(connection, length)));
        });
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send("PUT / HTTP/1.1\r\nHost: hub\r\nContent-Length: " + length + "\r\n\r\n");
      AtomicLong taken = new AtomicLong();
      CompletableFuture<String> sent =
          CompletableFuture.supplyAsync(() -> sent(client, length, taken));
      Eventually.stands("what is taken in", taken);
      assertThat(taken.get()).isBetween(1L, MOST_TAKEN_IN);
      goOn.complete(null);
      assertThat(client.response().body()).isEqualTo(sent.join());
    }
  }

  @Test
  @DisplayName("and of an answer that its client does not read, less than 32 MB are taken in")
  void slowClient() throws Exception {
    long length = 64L * MEGABYTE;
    AtomicLong taken = new AtomicLong();
    CompletableFuture<String> sent = new CompletableFuture<>();
    start(
        connection -> {
          connection.head();
          connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + length + "\r\n\r\n");
          sent.complete(sendBytes(connection, length, taken));
        });
    try (RawConnection client = RawConnection.to(proxy.port(), SMALL_WINDOW)) {
      client.send("GET / HTTP/1.1\r\nHost: hub\r\n\r\n");
      assertThat(client.head().status()).isEqualTo(200);
      Eventually.stands("what is taken in", taken);
      assertThat(taken.get()).isBetween(1L, MOST_TAKEN_IN);
      assertThat(checksum(client, length)).isEqualTo(sent.join());
    }
  }

  private static String sent(RawConnection connection, long length, AtomicLong count) {
    try {
      return sendBytes(connection, length, count);
    } catch (IOException cut) {
      throw new UncheckedIOException(cut);
    }
  }

  /** Sends so many bytes and returns their checksum. */
  private static String sendBytes(RawConnection connection, long length, AtomicLong count)
      throws IOException {
    CRC32 sum = new CRC32();
    while (count.get() < length) {
      byte[] piece = bytes(count.get());
      sum.update(piece);
      connection.send(piece);
      count.addAndGet(piece.length);
    }
    return Long.toHexString(sum.getValue());
  }

  /** Returns bytes that differ from one place to another. */
  private static byte[] bytes(long at) {
    byte[] piece = new byte[PIECE];
    for (int i = 0; i < PIECE; i++) {
      piece[i] = (byte) ((at + i) * 31 >>> 7);
    }
    return piece;
  }

  /** Reads so many bytes and returns their checksum. */
  private static String checksum(RawConnection connection, long length) throws IOException {
    CRC32 sum = new CRC32();
    long left = length;
    while (left > 0) {
      byte[] some = connection.some((int) Math.min(left, PIECE));
      assertThat(some.length).as("bytes, with %d to come", left).isPositive();
      sum.update(some);
      left -= some.length;
    }
    return Long.toHexString(sum.getValue());
  }
}
