package dev.sharder.examples.hub.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("The end of an answer, which waits in the proxy for a client that does not read yet,")
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AnswerTailsTest {

  private static final Duration LIMIT = Duration.ofMillis(700);
  private static final Duration SOON = Duration.ofSeconds(3);
  private static final Duration LONG = Duration.ofMinutes(5);
  private static final Duration MOMENT = Duration.ofSeconds(2);

  /** So that little waits in the kernel instead. */
  private static final int SMALL_WINDOW = 4_096;

  private static final String BODY = "x".repeat(60_000);
  private static final String CHUNKS =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n"
          .formatted(BODY.length(), BODY);
  private static final String GET = "GET / HTTP/1.1\r\nHost: hub\r\n\r\n";
  private static final String LAST_GET = "GET / HTTP/1.0\r\nHost: hub\r\n\r\n";

  private final AtomicInteger answered = new AtomicInteger();
  private final Traffic counting =
      new Traffic() {
        @Override
        public void answered(int status) {
          answered.incrementAndGet();
        }
      };

  private RawTarget target;
  private ProxyUnderTest proxy;

  private void start(Duration idle, Duration linger, Duration stall, Duration drain)
      throws IOException {
    target = RawTarget.answering(request -> CHUNKS);
    ProxyLimits limits =
        new ProxyLimits(
            8_192, LONG, idle, linger, stall, Optional.empty(), Optional.empty(), SOON, drain, 100);
    proxy = OurProxy.withDefaults().with(limits).with(counting).before(target.port());
  }

  @AfterEach
  void stop() throws IOException {
    proxy.close();
    target.check();
    target.close();
  }

  private RawConnection connect() throws IOException {
    return RawConnection.to(proxy.port(), SMALL_WINDOW);
  }

  /** Asks for one answer, and returns whether the proxy takes it from the target. */
  private boolean isAnswered(RawConnection client, String request) throws IOException {
    int before = answered.get();
    client.send(request);
    return Eventually.isWithin(MOMENT, () -> answered.get() > before);
  }

  /** Returns how many answers are on the way when too much of them waits in the proxy for more. */
  private int answersUntilTheyWait() throws IOException {
    int count = 0;
    try (RawConnection client = connect()) {
      while (isAnswered(client, GET)) {
        count++;
      }
    }
    return count;
  }

  /** Returns how many answers were asked for, of the last of which much waits in the proxy. */
  private int ask(RawConnection client, String last, int count) throws IOException {
    for (int i = 1; i < count; i++) {
      assertThat(isAnswered(client, GET)).isTrue();
    }
    assertThat(isAnswered(client, last)).isTrue();
    return count;
  }

  private static void assertWhole(RawConnection client, int count) throws IOException {
    for (int i = 0; i < count; i++) {
      assertThat(client.response().body()).as("answer %d", i).isEqualTo(BODY);
    }
  }

  @Test
  @DisplayName("is sent before the proxy ends")
  void drain() throws Exception {
    start(LONG, LONG, LONG, Duration.ofSeconds(20));
    int count = answersUntilTheyWait();
    try (RawConnection client = connect()) {
      ask(client, GET, count);
      CompletableFuture<Void> stopped = CompletableFuture.runAsync(proxy::close);
      assertThatThrownBy(() -> stopped.get(1, TimeUnit.SECONDS))
          .isInstanceOf(TimeoutException.class);
      assertWhole(client, count);
      assertThat(client.endWithin(SOON)).isEqualTo(RawConnection.End.FINISHED);
      stopped.get(20, TimeUnit.SECONDS);
    }
  }

  @Test
  @DisplayName("is not taken for sent if the proxy may not wait for it: the client sees a reset")
  void drainEnds() throws Exception {
    start(LONG, LONG, LONG, Duration.ofMillis(100));
    int count = answersUntilTheyWait();
    try (RawConnection client = connect()) {
      ask(client, LAST_GET, count);
      proxy.close();
      while (client.end() == RawConnection.End.OPEN) {
        client.some(1 << 16);
      }
      assertThat(client.end()).isEqualTo(RawConnection.End.RESET);
    }
  }

  @Test
  @DisplayName("is sent although its client reads after a connection was idle for too long")
  void idle() throws Exception {
    start(LIMIT, LONG, LONG, LIMIT);
    int count = answersUntilTheyWait();
    try (RawConnection client = connect()) {
      ask(client, GET, count);
      client.endWithin(LIMIT.multipliedBy(3));
      assertWhole(client, count);
      assertThat(client.endWithin(SOON)).isEqualTo(RawConnection.End.FINISHED);
    }
  }

  @Test
  @DisplayName("is sent before a client of HTTP/1.0, for whom it ends, has to leave")
  void linger() throws Exception {
    start(LONG, LIMIT, LONG, LIMIT);
    int count = answersUntilTheyWait();
    try (RawConnection client = connect()) {
      ask(client, LAST_GET, count);
      client.endWithin(LIMIT.multipliedBy(3));
      assertWhole(client, count);
      assertThat(client.endWithin(SOON)).isEqualTo(RawConnection.End.FINISHED);
    }
  }

  @Test
  @DisplayName("is cut where the client takes nothing of it for too long")
  void stall() throws Exception {
    start(LONG, LONG, LIMIT, LIMIT);
    int count = answersUntilTheyWait();
    try (RawConnection client = connect()) {
      ask(client, GET, count);
      client.endWithin(LIMIT.multipliedBy(3));
      while (client.end() == RawConnection.End.OPEN) {
        client.some(1 << 16);
      }
      assertThat(client.end()).isEqualTo(RawConnection.End.RESET);
    }
  }
}
