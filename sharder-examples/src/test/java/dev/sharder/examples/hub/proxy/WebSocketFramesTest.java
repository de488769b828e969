package dev.sharder.examples.hub.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("The bytes of a websocket")
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WebSocketFramesTest {

  private static final Duration SOON = Duration.ofSeconds(3);
  private static final Duration MOMENT = Duration.ofMillis(200);
  private static final Duration LIMIT = Duration.ofMillis(500);

  private OpenWebSocket socket;
  private RawConnection client;
  private RawConnection server;

  private void open(OpenWebSocket opened) {
    socket = opened;
    client = opened.client();
    server = opened.server();
  }

  @AfterEach
  void stop() throws IOException {
    socket.close();
  }

  @Test
  @DisplayName("are fragments, pings, pongs and close frames both ways, each as it was sent")
  void frames() throws Exception {
    open(OpenWebSocket.open());
    List<RawFrame> frames =
        List.of(
            RawFrame.ofClient(RawFrame.FIRST_OF_TEXT, "frag"),
            RawFrame.ofClient(RawFrame.PING, "between"),
            RawFrame.ofClient(RawFrame.MORE, ""),
            RawFrame.ofClient(RawFrame.LAST, "ments"),
            RawFrame.ofClient(RawFrame.PONG, "unasked"),
            RawFrame.ofClient(RawFrame.BINARY, "x".repeat(125)),
            RawFrame.ofClient(RawFrame.BINARY, "x".repeat(126)),
            RawFrame.ofClient(RawFrame.BINARY, "x".repeat(65_536)),
            RawFrame.closing(true, 4_001, "gr\u00fc\u00dfe"));
    for (RawFrame frame : frames) {
      client.send(frame.bytes());
      assertThat(server.exactly(frame.bytes().length)).isEqualTo(frame.bytes());
      RawFrame back = new RawFrame(frame.first(), false, frame.content());
      server.send(back.bytes());
      assertThat(client.exactly(back.bytes().length)).isEqualTo(back.bytes());
    }
    assertThat(client.isSilentFor(MOMENT)).as("no one adds a frame").isTrue();
    assertThat(server.isSilentFor(MOMENT)).as("no one adds a frame").isTrue();
  }

  @Test
  @DisplayName("are any bytes at all, in pieces of any size")
  void anyBytes() throws Exception {
    open(OpenWebSocket.open());
    Random random = new Random(7);
    for (int i = 0; i < 300; i++) {
      byte[] up = new byte[1 + random.nextInt(3_000)];
      random.nextBytes(up);
      client.send(up);
      assertThat(server.exactly(up.length)).isEqualTo(up);
      server.send(up);
      assertThat(client.exactly(up.length)).isEqualTo(up);
    }
  }

  @Test
  @DisplayName("that no one sends for 5 s more than any limit end nothing")
  void idle() throws Exception {
    ProxyLimits limits =
        new ProxyLimits(
            8_192,
            LIMIT,
            LIMIT,
            LIMIT,
            LIMIT,
            Optional.of(LIMIT),
            Optional.of(LIMIT),
            LIMIT,
            LIMIT,
            100);
    open(OpenWebSocket.through(OurProxy.withDefaults().with(limits)));
    assertThat(client.isSilentFor(LIMIT.plusSeconds(5))).isTrue();
    assertThat(server.isSilentFor(MOMENT)).isTrue();
    server.send(RawFrame.ofServer(RawFrame.TEXT, "still").bytes());
    assertThat(RawFrame.read(client).text()).isEqualTo("still");
    client.send(RawFrame.ofClient(RawFrame.TEXT, "here").bytes());
    assertThat(RawFrame.read(server).text()).isEqualTo("here");
  }

  @ParameterizedTest
  @CsvSource({"false, 0", "true, 0", "false, 1", "true, 1", "false, 9", "true, 9"})
  @DisplayName("end soon for the target when the client is gone, within a frame too")
  void clientGone(boolean reset, int sent) throws Exception {
    open(OpenWebSocket.open());
    client.send(Arrays.copyOf(RawFrame.ofClient(RawFrame.TEXT, "half a frame").bytes(), sent));
    assertThat(server.exactly(sent)).hasSize(sent);
    if (reset) {
      client.reset();
    } else {
      client.close();
    }
    assertThat(server.endWithin(SOON)).isNotEqualTo(RawConnection.End.OPEN);
  }

  @ParameterizedTest
  @CsvSource({"false, 0", "true, 0", "false, 1", "true, 1", "false, 9", "true, 9"})
  @DisplayName("end soon for the client when the target is gone, within a frame too")
  void targetGone(boolean reset, int sent) throws Exception {
    open(OpenWebSocket.open());
    server.send(Arrays.copyOf(RawFrame.ofServer(RawFrame.TEXT, "half a frame").bytes(), sent));
    assertThat(client.exactly(sent)).hasSize(sent);
    if (reset) {
      server.reset();
    } else {
      server.close();
    }
    assertThat(client.endWithin(SOON)).isNotEqualTo(RawConnection.End.OPEN);
  }

  @Test
  @DisplayName("that were sent before an end left all arrive")
  void lastWords() throws Exception {
    open(OpenWebSocket.open());
    byte[] words = RawFrame.ofServer(RawFrame.BINARY, "x".repeat(3_000_000)).bytes();
    CompletableFuture<Void> sent =
        CompletableFuture.runAsync(
            () -> {
              try (RawConnection talking = server) {
                talking.send(words);
              } catch (IOException cut) {
                throw new AssertionError(cut);
              }
            });
    assertThat(client.isSilentFor(SOON)).isFalse();
    assertThat(client.exactly(words.length)).isEqualTo(words);
    sent.get();
    assertThat(client.endWithin(SOON)).isEqualTo(RawConnection.End.FINISHED);
  }

  @Test
  @DisplayName("that the client does not read stay with the target, but for 32 MB")
  void backPressure() throws Exception {
    open(OpenWebSocket.open());
    AtomicLong taken = new AtomicLong();
    Thread flood = new Thread(() -> flood(server, taken));
    flood.start();
    Eventually.stands("what is taken in", taken);
    assertThat(taken.get()).isLessThan(32 << 20);
    client.close();
    flood.join();
  }

  static void flood(RawConnection server, AtomicLong taken) {
    try {
      byte[] frame = RawFrame.ofServer(RawFrame.BINARY, "x".repeat(100_000)).bytes();
      while (taken.get() < 64 << 20) {
        server.send(frame);
        taken.addAndGet(frame.length);
      }
    } catch (IOException cut) {
      // The test closes the connection.
    }
  }
}
