package dev.sharder.examples.hub.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("An open websocket")
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TunnelTest {

  private static final Duration SOON = Duration.ofSeconds(3);
  private static final Duration MOMENT = Duration.ofMillis(200);

  private final RecordedTraffic traffic = new RecordedTraffic();
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
  @DisplayName("is heard of when it opens, when data pass from either side, and when it ends")
  void traffic() throws Exception {
    open(OpenWebSocket.through(OurProxy.withDefaults().with(traffic)));
    traffic.await("answered 101", "opened");
    int before = traffic.pieces();
    server.send(RawFrame.ofServer(RawFrame.PING, "").bytes());
    Eventually.holds("the target's data count", () -> traffic.pieces() > before);
    int between = traffic.pieces();
    client.send(RawFrame.ofClient(RawFrame.PONG, "").bytes());
    Eventually.holds("the client's data count", () -> traffic.pieces() > between);
    client.close();
    Eventually.holds("the end is known", () -> traffic.events().contains("closed"));
    assertThat(traffic.events().stream().filter("closed"::equals)).hasSize(1);
  }

  @Test
  @DisplayName("is closed by a frame for both ends where that is asked for")
  void closed() throws Exception {
    open(OpenWebSocket.through(OurProxy.withDefaults().with(traffic)));
    traffic.tunnel().close(1_001, "moved to hub-2 \u2713");
    assertClosed(client, false);
    assertClosed(server, true);
    Eventually.holds("the end is known", () -> traffic.events().contains("closed"));
  }

  @Test
  @DisplayName("is closed only after the frame that is under way to the client")
  void closedWithinAFrame() throws Exception {
    open(OpenWebSocket.through(OurProxy.withDefaults().with(traffic)));
    byte[] frame = RawFrame.ofServer(RawFrame.TEXT, "a whole message").bytes();
    server.send(Arrays.copyOf(frame, 5));
    assertThat(client.exactly(5)).hasSize(5);
    traffic.tunnel().close(1_001, "moved to hub-2 \u2713");
    assertThat(client.isSilentFor(MOMENT)).isTrue();
    byte[] rest = Arrays.copyOfRange(frame, 5, frame.length);
    server.send(new String(rest, "ISO-8859-1") + new String(frame, "ISO-8859-1"));
    assertThat(client.exactly(rest.length)).isEqualTo(rest);
    assertClosed(client, false);
    assertClosed(server, true);
  }

  @Test
  @DisplayName("is closed only after the frame that is under way to the target")
  void closedWithinAFrameOfTheClient() throws Exception {
    open(OpenWebSocket.through(OurProxy.withDefaults().with(traffic)));
    byte[] frame = RawFrame.ofClient(RawFrame.TEXT, "a whole message").bytes();
    client.send(Arrays.copyOf(frame, 1));
    assertThat(server.exactly(1)).hasSize(1);
    traffic.tunnel().close(1_001, "moved to hub-2 \u2713");
    assertThat(server.isSilentFor(MOMENT)).isTrue();
    client.send(Arrays.copyOfRange(frame, 1, frame.length));
    assertThat(server.exactly(frame.length - 1)).hasSize(frame.length - 1);
    assertClosed(server, true);
    assertClosed(client, false);
  }

  @Test
  @DisplayName("is closed between two frames of a stream of them")
  void closedWithinAStream() throws Exception {
    open(OpenWebSocket.through(OurProxy.withDefaults().with(traffic)));
    AtomicLong taken = new AtomicLong();
    Thread flood = new Thread(() -> WebSocketFramesTest.flood(server, taken));
    flood.start();
    for (int i = 0; i < 10; i++) {
      assertThat(RawFrame.read(client).content()).hasSize(100_000);
    }
    traffic.tunnel().close(1_001, "moved to hub-2 \u2713");
    RawFrame next = RawFrame.read(client);
    while (next.first() == RawFrame.BINARY) {
      assertThat(next.content()).hasSize(100_000);
      next = RawFrame.read(client);
    }
    assertThat(next.code()).isEqualTo(1_001);
    assertThat(client.endWithin(SOON)).isNotEqualTo(RawConnection.End.OPEN);
    flood.join();
  }

  private static void assertClosed(RawConnection end, boolean masked) throws IOException {
    RawFrame last = RawFrame.read(end);
    assertThat(last.first()).isEqualTo(RawFrame.CLOSE);
    assertThat(last.masked()).isEqualTo(masked);
    assertThat(last.code()).isEqualTo(1_001);
    assertThat(last.reason()).isEqualTo("moved to hub-2 \u2713");
    assertThat(end.endWithin(SOON)).isEqualTo(RawConnection.End.FINISHED);
    assertThat(end.toEnd()).isEmpty();
  }

  @Test
  @DisplayName("is closed with 1001 for both ends when the proxy stops")
  void stopped() throws Exception {
    open(OpenWebSocket.through(OurProxy.withDefaults()));
    CompletableFuture<Void> stop = CompletableFuture.runAsync(socket.proxy()::close);
    assertThat(RawFrame.read(client).code()).isEqualTo(1_001);
    assertThat(RawFrame.read(server).code()).isEqualTo(1_001);
    assertThat(client.endWithin(SOON)).isNotEqualTo(RawConnection.End.OPEN);
    assertThat(server.endWithin(SOON)).isNotEqualTo(RawConnection.End.OPEN);
    stop.get();
  }

  @Test
  @DisplayName("ends when the proxy stops although one end stopped within a frame")
  void stoppedWithinAFrame() throws Exception {
    open(OpenWebSocket.through(OurProxy.withDefaults()));
    server.send(Arrays.copyOf(RawFrame.ofServer(RawFrame.TEXT, "half").bytes(), 3));
    assertThat(client.exactly(3)).hasSize(3);
    CompletableFuture<Void> stop = CompletableFuture.runAsync(socket.proxy()::close);
    assertThat(client.endWithin(RawConnection.PATIENCE)).isNotEqualTo(RawConnection.End.OPEN);
    assertThat(server.endWithin(SOON)).isNotEqualTo(RawConnection.End.OPEN);
    stop.get();
  }
}
