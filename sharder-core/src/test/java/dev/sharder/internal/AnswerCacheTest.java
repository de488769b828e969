package dev.sharder.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import dev.sharder.AssignmentRequest;
import dev.sharder.Sharder;
import dev.sharder.SharderBuilder;
import dev.sharder.TimeLimitException;
import dev.sharder.admin.AdoptMode;
import dev.sharder.admin.Adoption;
import dev.sharder.admin.Move;
import dev.sharder.admin.MoveMode;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.store.AssignmentStore;
import dev.sharder.store.Changes;
import dev.sharder.store.Deadline;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

/** What a cache gives while its store is silent or fails. */
@Timeout(60)
class AnswerCacheTest {

  private static final Duration BOUND = Duration.ofSeconds(1);

  /** How a sharder asks for an answer; a new object is placed without being looked for at times. */
  private static final Set<String> ASKED = Set.of("find", "place", "update");

  private static final Note NOTE = new Note("x", "");

  private static final Duration LIMIT = Duration.ofSeconds(20);

  private final AssignmentStore truth = AssignmentStore.inMemory();
  private final CountDownLatch end = new CountDownLatch(1);
  private final CountDownLatch silence = new CountDownLatch(1);

  /** Methods that never return until the test is over, and those that fail at once. */
  private final Set<String> silent = ConcurrentHashMap.newKeySet();

  private final Set<String> failing = ConcurrentHashMap.newKeySet();

  /** Runs after the store has found something, before it answers. */
  private volatile Runnable afterFind = () -> {};

  /** Runs after the store has read its changes, before it returns them. */
  private volatile Runnable afterPoll = () -> {};

  private volatile String epoch = "before";

  /** How long each poll may take. */
  private final Queue<Duration> polls = new ConcurrentLinkedQueue<>();

  private final AssignmentStore store =
      (AssignmentStore)
          Proxy.newProxyInstance(
              AssignmentStore.class.getClassLoader(),
              new Class<?>[] {AssignmentStore.class},
              (proxy, method, arguments) -> {
                if (method.getName().equals("changedSince")) {
                  polls.add(((Deadline) arguments[2]).limit());
                }
                if (silent.contains(method.getName())) {
                  silence.countDown();
                  awaitEnd();
                }
                if (failing.contains(method.getName())) {
                  throw new TimeLimitException(BOUND, "the store is away", null);
                }
                try {
                  Object answer = method.invoke(truth, arguments);
                  if (method.getName().equals("find")) {
                    afterFind.run();
                  } else if (method.getName().equals("changedSince")) {
                    afterPoll.run();
                  }
                  return answer instanceof Changes changes
                      ? new Changes(changes.revision(), changes.objects(), epoch)
                      : answer;
                } catch (InvocationTargetException thrown) {
                  throw thrown.getTargetException();
                }
              });

  @AfterEach
  void release() {
    end.countDown();
  }

  private void awaitEnd() {
    while (end.getCount() > 0) {
      try {
        end.await();
      } catch (InterruptedException ignored) {
        // As a thread that waits for a socket ignores it.
      }
    }
  }

  private SharderBuilder hubs() {
    return Sharder.builder("hub", store).bins("a", "b").staleness(BOUND).timeLimit(LIMIT);
  }

  /** Returns once the answer comes from memory, although the store would say so, too. */
  private void remember(Sharder hubs, String object) {
    hubs.assign(object);
    failing.addAll(ASKED);
    while (true) {
      try {
        hubs.assign(object);
        break;
      } catch (TimeLimitException notYet) {
        failing.clear();
        hubs.assign(object);
        failing.addAll(ASKED);
      }
    }
    failing.clear();
  }

  private void move(String object, String bin) {
    ShardAdmin.builder("hub", truth).build().move(Move.of(object, bin), MoveMode.CHECKED, NOTE);
  }

  @Test
  @DisplayName("a store that never says what changed is asked for each answer after the bound")
  void silentWatcher() {
    try (Sharder hubs = hubs().build()) {
      remember(hubs, "ada");
      silent.add("changedSince");
      move("ada", "b");
      long moved = System.nanoTime();
      while (!hubs.assign("ada").bin().equals("b")) {
        assertThat(since(moved)).isLessThan(BOUND.multipliedBy(10));
      }
      assertThat(hubs.answerAge()).isPositive();
      // Nothing on the way of a request waits for the watcher, which holds on.
      assertThat(hubs.assign("bob").isNew()).isTrue();
      assertThat(hubs.find("bob")).isPresent();
    }
  }

  @Test
  @DisplayName("a store that fails leaves nothing to be answered from memory after the bound")
  void failingStore() {
    try (Sharder hubs = hubs().build()) {
      remember(hubs, "ada");
      failing.add("changedSince");
      failing.addAll(ASKED);
      long failed = System.nanoTime();
      awaitRefusal(hubs, failed);
      failing.clear();
      assertThat(hubs.assign("ada").isNew()).isFalse();
    }
  }

  /** Asks until the answer in memory is too old. */
  private static void awaitRefusal(Sharder sharder, long failed) {
    boolean refused = false;
    while (!refused) {
      assertThat(since(failed)).isLessThan(BOUND.multipliedBy(10));
      try {
        sharder.assign("ada");
      } catch (TimeLimitException tooOld) {
        refused = true;
      }
    }
  }

  @Test
  @DisplayName(
      "stale answers are given while the store fails, where that is allowed, and no longer")
  void staleIfError() {
    Duration allowed = BOUND.multipliedBy(4);
    try (Sharder hubs = hubs().staleIfError(allowed).build()) {
      remember(hubs, "ada");
      failing.add("changedSince");
      failing.addAll(ASKED);
      long failed = System.nanoTime();
      while (since(failed).compareTo(BOUND.multipliedBy(2)) < 0) {
        Thread.onSpinWait();
      }
      assertThat(hubs.assign("ada").isNew()).isFalse();
      assertThat(hubs.answerAge()).isGreaterThan(BOUND);
      while (since(failed).compareTo(allowed.plus(BOUND)) < 0) {
        Thread.onSpinWait();
      }
      assertThatThrownBy(() -> hubs.assign("ada")).isInstanceOf(TimeLimitException.class);
    }
  }

  @Test
  @DisplayName("a log that blocks keeps no other kind's answers beyond the bound")
  void blockedLog() throws InterruptedException {
    CountDownLatch isBlocked = new CountDownLatch(1);
    AppenderBase<ILoggingEvent> appender =
        new AppenderBase<>() {
          @Override
          protected void append(ILoggingEvent event) {
            isBlocked.countDown();
            awaitEnd();
          }
        };
    appender.start();
    Logger logger = (Logger) LoggerFactory.getLogger(AnswerCache.class);
    logger.addAppender(appender);
    try (Sharder hubs = hubs().build();
        Sharder homes = Sharder.builder("home", store).bins("a").staleness(BOUND).build()) {
      hubs.assign("ada");
      failing.add("changedSince");
      isBlocked.await();
      failing.clear();
      remember(homes, "ada");
      silent.add("changedSince");
      failing.addAll(ASKED);
      long failed = System.nanoTime();
      awaitRefusal(homes, failed);
    } finally {
      logger.detachAppender(appender);
      end.countDown();
    }
  }

  @Test
  @DisplayName("an interrupt that the store left behind does not end the watcher")
  void interruptedWatcher() throws InterruptedException {
    CountDownLatch interrupted = new CountDownLatch(3);
    try (Sharder hubs = hubs().build()) {
      remember(hubs, "ada");
      afterPoll =
          () -> {
            Thread.currentThread().interrupt();
            interrupted.countDown();
          };
      interrupted.await();
      afterPoll = () -> {};
      remember(hubs, "bob");
    }
  }

  @Test
  @DisplayName("an answer that was read before a failover is not kept after it")
  void readBeforeFailover() throws Exception {
    try (Sharder hubs = hubs().build()) {
      remember(hubs, "ada");
      ShardAdmin.builder("hub", truth).build().adopt(List.of(bob()), AdoptMode.EACH, NOTE);
      CountDownLatch isRead = new CountDownLatch(1);
      CountDownLatch isFailedOver = new CountDownLatch(1);
      afterFind =
          () -> {
            isRead.countDown();
            await(isFailedOver);
          };
      Future<?> early = Executors.newSingleThreadExecutor().submit(() -> hubs.find("bob"));
      isRead.await();
      epoch = "after";
      long before = polls.size();
      while (polls.size() < before + 3) {
        Thread.onSpinWait();
      }
      isFailedOver.countDown();
      early.get();
      AtomicBoolean isAsked = new AtomicBoolean();
      afterFind = () -> isAsked.set(true);
      assertThat(hubs.find("bob")).isPresent();
      assertThat(isAsked).isTrue();
    }
  }

  @Test
  @DisplayName(
      "a move ends within its time limit while a poll is silent, and is answered from then")
  void moveDuringSilentPoll() throws InterruptedException {
    try (Sharder hubs = hubs().build()) {
      remember(hubs, "ada");
      silent.add("changedSince");
      silence.await();
      long moving = System.nanoTime();
      operator().move(Move.of("ada", "b"), MoveMode.CHECKED, NOTE);
      assertThat(since(moving)).isLessThan(LIMIT);
      assertThat(hubs.assign("ada").bin()).isEqualTo("b");
      release();
    }
  }

  @Test
  @DisplayName("an answer from before a move is not kept by a poll from before the move")
  void pollFromBeforeMove() throws Exception {
    try (Sharder hubs = hubs().build()) {
      remember(hubs, "ada");
      ShardAdmin.builder("hub", truth).build().adopt(List.of(bob()), AdoptMode.EACH, NOTE);
      Semaphore polled = new Semaphore(0);
      Semaphore passed = new Semaphore(0);
      afterPoll =
          () -> {
            polled.release();
            passed.acquireUninterruptibly();
          };
      // The first may have begun before bob came, and the last has the revision of the one before.
      passed.release(2);
      polled.acquire(3);
      CountDownLatch isRead = new CountDownLatch(1);
      CountDownLatch isMoved = new CountDownLatch(1);
      afterFind =
          () -> {
            isRead.countDown();
            await(isMoved);
          };
      Future<?> early = Executors.newSingleThreadExecutor().submit(() -> hubs.find("bob"));
      isRead.await();
      operator().move(Move.of("bob", "b"), MoveMode.CHECKED, NOTE);
      passed.release();
      polled.acquire();
      isMoved.countDown();
      early.get();
      afterFind = () -> {};
      assertThat(hubs.find("bob").orElseThrow().bin()).isEqualTo("b");
      afterPoll = () -> {};
      passed.release();
    }
  }

  private ShardAdmin operator() {
    return ShardAdmin.builder("hub", store).timeLimit(Duration.ofMillis(300)).build();
  }

  private static Adoption bob() {
    return new Adoption(AssignmentRequest.of("hub", "bob"), "a");
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException interruption) {
      throw new IllegalStateException(interruption);
    }
  }

  @Test
  @DisplayName(
      "a move does not wait for a cache for longer than seconds, however long the bound is")
  void shortPolls() {
    try (Sharder hubs = hubs().staleness(Duration.ofHours(1)).build()) {
      hubs.assign("ada");
      while (polls.isEmpty()) {
        Thread.onSpinWait();
      }
      assertThat(polls).allMatch(limit -> limit.compareTo(Duration.ofSeconds(5)) <= 0);
    }
  }

  @Test
  @DisplayName("closing waits a few seconds for a silent store, however long the bound is")
  void closesSoon() throws InterruptedException {
    silent.add("changedSince");
    Sharder hubs = hubs().staleness(Duration.ofHours(1)).build();
    hubs.assign("ada");
    silence.await();
    long closing = System.nanoTime();
    hubs.close();
    assertThat(since(closing)).isLessThan(Duration.ofSeconds(30));
  }

  private static Duration since(long start) {
    return Duration.ofNanos(System.nanoTime() - start);
  }
}
