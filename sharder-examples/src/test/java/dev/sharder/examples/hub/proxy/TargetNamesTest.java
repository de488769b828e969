package dev.sharder.examples.hub.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("The names of targets")
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TargetNamesTest {

  private static final Duration LIMIT = Duration.ofMillis(500);
  private static final Duration KEPT = Duration.ofSeconds(2);

  private final Map<String, String> known = new ConcurrentHashMap<>(Map.of("hub", "10.0.0.7"));
  private final AtomicInteger asked = new AtomicInteger();
  private final CountDownLatch slow = new CountDownLatch(1);
  private final TargetNames names = new TargetNames(LIMIT, KEPT, this::lookUp);

  /** Knows some names, and is slow with others. */
  private InetAddress[] lookUp(String host) throws UnknownHostException {
    asked.incrementAndGet();
    try {
      if (host.startsWith("slow")) {
        slow.await();
      }
    } catch (InterruptedException closed) {
      throw new UnknownHostException(host);
    }
    String address = known.get(host);
    if (address == null) {
      throw new UnknownHostException(host);
    }
    return InetAddress.getAllByName(address);
  }

  private String resolved(String host) throws Exception {
    List<InetSocketAddress> found =
        names
            .resolve(Target.parse("http://" + host + ":8000"))
            .toCompletableFuture()
            .get(10, TimeUnit.SECONDS);
    return found.get(0).getAddress().getHostAddress();
  }

  @AfterEach
  void close() {
    names.close();
  }

  @Test
  @DisplayName("that are known do not wait for those that are slow")
  void slowNames() throws Exception {
    assertThat(resolved("hub")).isEqualTo("10.0.0.7");
    for (int i = 0; i < 4; i++) {
      names.resolve(Target.parse("http://slow-" + i));
    }
    Eventually.holds("all threads wait", () -> asked.get() == 5);
    assertThat(resolved("hub")).isEqualTo("10.0.0.7");
    assertThatThrownBy(() -> resolved("slow-0")).isInstanceOf(ExecutionException.class);
  }

  @Test
  @DisplayName("are asked for again after a while, so that a hub may move")
  void move() throws Exception {
    assertThat(resolved("hub")).isEqualTo("10.0.0.7");
    known.put("hub", "10.0.0.8");
    assertThat(resolved("hub")).isEqualTo("10.0.0.7");
    assertThat(Eventually.await(() -> resolved("hub"), "10.0.0.8"::equals)).isEqualTo("10.0.0.8");
  }

  @Test
  @DisplayName("are asked for again at once if no address can be reached, as after a restart")
  void unreachable() throws Exception {
    Transport transport = Transport.best();
    EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, transport.handlers());
    try (RawTarget hub = RawTarget.running(RawConnection::toEnd);
        TargetNames lasting = new TargetNames(LIMIT, Duration.ofHours(1), this::lookUp)) {
      EventLoop loop = group.next();
      TargetPool pool = new TargetPool(OurProxy.withDefaults().options(), transport, lasting, loop);
      Target target = Target.parse("http://hub:" + hub.port());
      known.put("hub", "127.0.0.2");
      assertThat(failure(pool, loop, target)).isNotEmpty();
      known.put("hub", "127.0.0.1");
      assertThat(failure(pool, loop, target)).isEmpty();
      assertThat(asked).hasValue(2);
      assertThat(failure(pool, loop, target)).isEmpty();
      assertThat(asked).hasValue(2);
    } finally {
      group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }
  }

  /** Connects, and returns what went wrong. */
  private static String failure(TargetPool pool, EventLoop loop, Target target) throws Exception {
    CompletableFuture<String> failure = new CompletableFuture<>();
    loop.execute(
        () ->
            pool.connect(
                target,
                (connection, reason) -> {
                  if (connection != null) {
                    connection.close();
                  }
                  failure.complete(reason);
                }));
    return failure.get(10, TimeUnit.SECONDS);
  }

  @Test
  @DisplayName("that do not exist are asked for anew as soon as that is known")
  void unknownAgain() throws Exception {
    Target target = Target.parse("http://slow-late:8000");
    CompletionStage<List<InetSocketAddress>> again =
        names
            .resolve(target)
            .exceptionallyCompose(
                failure -> {
                  known.put("slow-late", "10.0.0.9");
                  return names.resolve(target);
                });
    slow.countDown();
    assertThat(again.toCompletableFuture().get(10, TimeUnit.SECONDS))
        .containsExactly(new InetSocketAddress("10.0.0.9", 8000));
  }

  @Test
  @DisplayName("that do not exist are asked for each time")
  void unknown() throws Exception {
    assertThatThrownBy(() -> resolved("late")).hasCauseInstanceOf(UnknownHostException.class);
    known.put("late", "10.0.0.9");
    assertThat(resolved("late")).isEqualTo("10.0.0.9");
  }
}
