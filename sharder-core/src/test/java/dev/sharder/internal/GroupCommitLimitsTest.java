package dev.sharder.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sharder.ClosedException;
import dev.sharder.StoreException;
import dev.sharder.TimeLimitException;
import dev.sharder.store.Deadline;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("Group commit: callers that give up or come too late")
@Timeout(60)
class GroupCommitLimitsTest extends HeldRounds {

  @Test
  void aLeadersTimeLimitIsItsOwnAndTheOthersAreAnsweredInTheNextRound() throws Exception {
    Caller hasty = new Caller("hasty", SHORT).waits();
    Caller patient = new Caller("patient").waits();
    assertThatThrownBy(hasty::answer).isInstanceOf(TimeLimitException.class);
    letRun(1);
    assertThat(patient.answer()).isEqualTo("patient!");
  }

  @Test
  void aRoundHasTheTimeOfItsMostPatientMember() throws Exception {
    Caller first = new Caller("first").waits();
    Caller hasty = new Caller("hasty", Duration.ofSeconds(2)).waits();
    Caller patient = new Caller("patient").waits();
    letRun(1);
    assertThat(first.answer()).isEqualTo("first!");
    // The next round is of both, unless the hasty one has given up on a very slow machine.
    assertThatThrownBy(hasty::answer).isInstanceOf(TimeLimitException.class);
    letRun(1);
    assertThat(patient.answer()).isEqualTo("patient!");
    assertThat(rounds).hasSize(2);
  }

  /** Returns a group whose rounds take so long; one that has less time fails at its end. */
  private <T> GroupCommit<T, T> storeTaking(Supplier<Duration> roundTime) {
    return new GroupCommit<>(
        "the group",
        Function.identity(),
        List.of(
            (objects, deadline) -> {
              long needed = roundTime.get().toNanos();
              long has = deadline.remaining().toNanos();
              LockSupport.parkNanos(Math.min(needed, has));
              if (needed > has) {
                throw new TimeLimitException(deadline.limit(), "the store is busy", null);
              }
              return Optional::of;
            }),
        threads);
  }

  @Test
  @DisplayName("Callers get answers again after an outage, although more and more of them come")
  void endOfAnOutage() throws Exception {
    Duration limit = Duration.ofSeconds(1);
    AtomicBoolean down = new AtomicBoolean(true);
    // Takes a tenth of the limit, or, while it is down, all the time that it is given.
    GroupCommit<String, String> store = storeTaking(() -> down.get() ? limit : limit.dividedBy(10));
    AtomicBoolean answered = new AtomicBoolean();
    long up = System.nanoTime() + 2 * limit.toNanos();
    for (int i = 0; !answered.get(); i++) {
      down.set(System.nanoTime() < up);
      askLater(store, "user-" + i, Deadline.in(limit)).thenAccept(answer -> answered.set(true));
      LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
      assertThat(System.nanoTime() - up).isLessThan(20 * limit.toNanos());
    }
  }

  @Test
  @DisplayName("After one round of nearly the whole limit, a long queue is answered all the same")
  void oneSlowRound() throws Exception {
    Duration limit = Duration.ofSeconds(2);
    AtomicBoolean slow = new AtomicBoolean(true);
    AtomicInteger inTime = new AtomicInteger();
    GroupCommit<Integer, Integer> store =
        storeTaking(() -> Duration.ofMillis(slow.getAndSet(false) ? 1_800 : 300));
    List<CompletableFuture<Void>> all = new ArrayList<>();
    List<Integer> objects = IntStream.range(0, 100).boxed().toList();
    // More than three rounds can answer wait when the slow one ends, and more come.
    for (int i = 0; i < 60; i++) {
      for (CompletableFuture<Optional<Integer>> one :
          store.callAsync(objects, Deadline.in(limit), 0, 1)) {
        all.add(
            one.handle((answer, failure) -> failure == null ? inTime.incrementAndGet() : 0)
                .thenAccept(done -> {}));
      }
      LockSupport.parkNanos(50_000_000);
    }
    CompletableFuture.allOf(all.toArray(CompletableFuture<?>[]::new)).get();
    assertThat(inTime.get()).isGreaterThan(3_000);
  }

  @Test
  @DisplayName("If more callers come than the store can answer, it answers as many as it can")
  void overload() {
    Duration roundTime = Duration.ofMillis(50);
    GroupCommit<Integer, Integer> store = storeTaking(() -> roundTime);
    AtomicInteger answered = new AtomicInteger();
    Duration limit = roundTime.multipliedBy(10);
    // A round answers 1,024, and twice as many come in its time.
    for (int second = 1; second <= 3; second++) {
      answered.set(0);
      for (int i = 0; i < 20; i++) {
        List<Integer> objects = IntStream.range(0, 2_048).boxed().toList();
        for (CompletableFuture<Optional<Integer>> one :
            store.callAsync(objects, Deadline.in(limit), 0, 1)) {
          one.thenAccept(answer -> answered.incrementAndGet());
        }
        LockSupport.parkNanos(roundTime.toNanos());
      }
    }
    assertThat(answered.get()).isGreaterThan(4 * 1_024);
  }

  @Test
  @DisplayName("A thread that waits does not depend on an executor that is busy")
  void busyExecutor() throws Exception {
    GroupCommit<String, String> busy =
        new GroupCommit<>("the group", Function.identity(), List.of(this::runWhenLet), task -> {});
    CompletableFuture<String> later = askLater(busy, "later", Deadline.in(LONG));
    FutureTask<String> now = new FutureTask<>(() -> ask(busy, "now", Deadline.in(LONG)));
    threads.execute(now);
    letRun(2);
    assertThat(now.get()).isEqualTo("now!");
    assertThat(later.get()).isEqualTo("later!");
  }

  @Test
  void whoGivesUpWaitingLosesNobodyElsesAnswer() throws Exception {
    Caller first = new Caller("first").waits();
    Caller hasty = new Caller("hasty", SHORT).waits();
    Caller patient = new Caller("patient").waits();
    assertThatThrownBy(hasty::answer)
        .isInstanceOf(TimeLimitException.class)
        .hasMessage(
            "no answer within 200 ms: 'hasty' is still waiting for its turn; try again, or allow"
                + " more time");
    letRun(2);
    assertThat(first.answer()).isEqualTo("first!");
    assertThat(patient.answer()).isEqualTo("patient!");
    assertThat(rounds).containsExactly(List.of("first"), List.of("patient"));
  }

  @Test
  void whoIsInterruptedWhileWaitingIsTakenOutAndStaysInterrupted() throws Exception {
    Caller first = new Caller("first").waits();
    boolean[] stillInterrupted = {false};
    FutureTask<String> task =
        new FutureTask<>(
            () -> {
              try {
                return ask(group, "interrupted", Deadline.in(LONG));
              } finally {
                stillInterrupted[0] = Thread.currentThread().isInterrupted();
              }
            });
    Thread thread = new Thread(task);
    thread.start();
    thread.interrupt();
    assertThatThrownBy(task::get)
        .hasCauseInstanceOf(StoreException.class)
        .hasMessageContaining("interrupted while waiting");
    Caller patient = new Caller("patient").waits();
    letRun(2);
    assertThat(first.answer()).isEqualTo("first!");
    assertThat(patient.answer()).isEqualTo("patient!");
    assertThat(stillInterrupted[0]).isTrue();
    assertThat(rounds).containsExactly(List.of("first"), List.of("patient"));
  }

  @Test
  void aLeaderThatIsInterruptedFailsAloneAndAnotherLeads() throws Exception {
    Caller leader = new Caller("leader").waits();
    Caller patient = new Caller("patient").waits();
    leader.thread.interrupt();
    assertThatThrownBy(leader::answer).isInstanceOf(StoreException.class);
    letRun(1);
    assertThat(patient.answer()).isEqualTo("patient!");
  }

  @Test
  void closingFinishesTheRoundAndRefusesWhoeverWaitsOrComesLater() throws Exception {
    Caller first = new Caller("first").waits();
    Caller waiting = new Caller("waiting").waits();
    CompletableFuture<String> later = askLater(group, "later", Deadline.in(LONG));
    FutureTask<Void> closing =
        new FutureTask<>(
            () -> {
              group.refuse();
              assertThat(group.awaitIdle(Deadline.in(LONG))).isTrue();
              return null;
            });
    new Thread(closing).start();
    assertThatThrownBy(waiting::answer).isInstanceOf(ClosedException.class);
    assertThatThrownBy(later::get).hasCauseInstanceOf(ClosedException.class);
    assertThat(closing.isDone()).isFalse();
    letRun(1);
    assertThat(first.answer()).isEqualTo("first!");
    closing.get();
    assertThatThrownBy(() -> ask(group, "late", Deadline.in(LONG)))
        .isInstanceOf(ClosedException.class);
    assertThat(rounds).containsExactly(List.of("first"));
  }

  @Test
  void whoDoesNotWaitHasATimeLimitToo() {
    CompletableFuture<String> first = askLater(group, "first", Deadline.in(LONG));
    CompletableFuture<String> hasty = askLater(group, "hasty", Deadline.in(SHORT));
    assertThatThrownBy(hasty::get).hasCauseInstanceOf(TimeLimitException.class);
    letRun(2);
    assertThat(first.join()).isEqualTo("first!");
  }

  @Test
  void whoWaitsInVainLearnsWhyTheRoundBeforeFailed() throws Exception {
    Caller first = new Caller("first").waits();
    CompletableFuture<String> second = askLater(group, "second", Deadline.in(LONG));
    CompletableFuture<String> third = askLater(group, "third", Deadline.in(LONG));
    CompletableFuture<String> hasty = askLater(group, "hasty", Deadline.in(SHORT.multipliedBy(15)));
    letRun(1);
    assertThat(first.answer()).isEqualTo("first!");
    steps.add(
        () -> {
          throw new TimeLimitException(SHORT, "the server is down", null);
        });
    assertThatThrownBy(second::get).hasMessageContaining("the server is down");
    // The third leads the next round, which does not end in time for this one.
    assertThatThrownBy(hasty::get)
        .hasMessageContaining("still waiting for its turn")
        .hasMessageContaining("the server is down");
    letRun(1);
    assertThat(third.get()).isEqualTo("third!");
  }

  @Test
  void whoGivesUpWhileARoundRunsIsNotMadeTheLeaderWhenItFails() throws Exception {
    Caller first = new Caller("first").waits();
    Caller leader = new Caller("leader").waits();
    Caller gone = new Caller("gone").waits();
    letRun(1);
    assertThat(first.answer()).isEqualTo("first!");
    while (rounds.size() < 2) {
      Thread.onSpinWait();
    }
    gone.thread.interrupt();
    assertThatThrownBy(gone::answer).isInstanceOf(StoreException.class);
    steps.add(
        () -> {
          throw new TimeLimitException(LONG, "the store is busy", null);
        });
    assertThatThrownBy(leader::answer).isInstanceOf(TimeLimitException.class);
    letRun(1);
    assertThat(ask(group, "next", Deadline.in(Duration.ofSeconds(10)))).isEqualTo("next!");
  }

  @Test
  void everybodyIsAnsweredHoweverManyGiveUpOnTheWay() throws Exception {
    GroupCommit.Round<String, String> quick =
        (objects, deadline) ->
            object -> object.startsWith("new") ? Optional.empty() : Optional.of(object);
    GroupCommit.Round<String, String> slow =
        (objects, deadline) -> {
          LockSupport.parkNanos(100_000);
          return Optional::of;
        };
    GroupCommit<String, String> two =
        new GroupCommit<>(
            "the group", Function.identity(), List.of(quick, slow), ForkJoinPool.commonPool());
    AtomicInteger answered = new AtomicInteger();
    List<FutureTask<Boolean>> callers = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      Random random = new Random(i);
      callers.add(
          new FutureTask<>(
              () -> {
                for (int j = 0; j < 3_000; j++) {
                  String object = random.nextBoolean() ? "new" + j : "known" + j;
                  int first = random.nextInt(2);
                  Deadline deadline =
                      Deadline.in(random.nextInt(4) == 0 ? Duration.ofNanos(50_000) : LONG);
                  try {
                    Optional<String> answer =
                        random.nextBoolean()
                            ? two.call(object, deadline, first, 2)
                            : two.callAsync(object, deadline, first, 2).join();
                    assertThat(answer).contains(object);
                    answered.incrementAndGet();
                  } catch (TimeLimitException | CompletionException gaveUp) {
                    assertThat(deadline.hasPassed()).isTrue();
                  }
                }
                return true;
              }));
    }
    callers.forEach(caller -> new Thread(caller).start());
    for (FutureTask<Boolean> caller : callers) {
      assertThat(caller.get()).isTrue();
    }
    assertThat(answered.get()).isGreaterThan(9_000);
    assertThat(two.awaitIdle(Deadline.in(LONG))).isTrue();
  }
}
