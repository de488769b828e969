package dev.sharder.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sharder.ClosedException;
import dev.sharder.StoreException;
import dev.sharder.TimeLimitException;
import dev.sharder.store.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Group commit, with rounds that run when the test lets them. */
@Timeout(60)
class GroupCommitTest {

  private static final Duration LONG = Duration.ofSeconds(50);
  private static final Duration SHORT = Duration.ofMillis(200);

  /** A thread for each stage, at least. */
  private final ExecutorService threads = Executors.newCachedThreadPool();

  private final List<List<String>> rounds = Collections.synchronizedList(new ArrayList<>());
  private final BlockingQueue<Runnable> steps = new LinkedBlockingQueue<>();
  private final GroupCommit<String, String> group =
      new GroupCommit<>(
          "the group", Function.identity(), List.of(this::runWhenLet), ForkJoinPool.commonPool());

  @AfterEach
  void endThreads() {
    threads.shutdownNow();
  }

  private static final Set<Thread.State> WAITED =
      EnumSet.of(Thread.State.TIMED_WAITING, Thread.State.WAITING, Thread.State.TERMINATED);

  /** A caller on a thread of its own. */
  private final class Caller {
    final FutureTask<String> task;
    final Thread thread;

    Caller(String object, Duration limit) {
      task = new FutureTask<>(() -> ask(group, object, Deadline.in(limit)));
      thread = new Thread(task, object);
      thread.start();
    }

    Caller(String object) {
      this(object, LONG);
    }

    /**
     * Returns once it waits, in the queue or in a round for a step of the test; or has done so, if
     * this thread was kept from looking for as long as that took.
     */
    Caller waits() {
      while (!WAITED.contains(thread.getState())) {
        Thread.onSpinWait();
      }
      return this;
    }

    String answer() throws Exception {
      try {
        return task.get();
      } catch (ExecutionException failure) {
        throw (Exception) failure.getCause();
      }
    }
  }

  private static String ask(GroupCommit<String, String> group, String object, Deadline deadline) {
    return group.call(object, deadline, 0, 1).orElseThrow();
  }

  private static CompletableFuture<String> askLater(
      GroupCommit<String, String> group, String object, Deadline deadline) {
    return group.callAsync(object, deadline, 0, 1).thenApply(Optional::orElseThrow);
  }

  private Function<String, Optional<String>> runWhenLet(List<String> objects, Deadline deadline) {
    rounds.add(objects);
    Runnable step;
    try {
      step = steps.poll(deadline.remaining().toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException interruption) {
      Thread.currentThread().interrupt();
      throw new StoreException("interrupted", interruption);
    }
    if (step == null) {
      throw new TimeLimitException(deadline.limit(), "the store is busy", null);
    }
    step.run();
    return object -> {
      if (object.equals("bad")) {
        throw new StoreException("bad object", null);
      }
      return Optional.of(object + "!");
    };
  }

  private void letRun(int count) {
    for (int i = 0; i < count; i++) {
      steps.add(() -> {});
    }
  }

  @Test
  void aloneACallerLeadsOnItsOwnThread() {
    letRun(1);
    assertThat(ask(group, "ada", Deadline.in(LONG))).isEqualTo("ada!");
    assertThat(rounds).containsExactly(List.of("ada"));
  }

  @Test
  void whoeverComesWhileARoundRunsIsAnsweredTogetherInTheNext() throws Exception {
    Caller first = new Caller("first").waits();
    List<Caller> others = new ArrayList<>();
    for (String name : List.of("a", "b", "c", "b")) {
      others.add(new Caller(name).waits());
    }
    letRun(2);
    assertThat(first.answer()).isEqualTo("first!");
    for (Caller other : others) {
      assertThat(other.answer()).isEqualTo(other.thread.getName() + "!");
    }
    assertThat(rounds).containsExactly(List.of("first"), List.of("a", "b", "c"));
  }

  @Test
  void aBadObjectFailsItsOwnCallerAlone() throws Exception {
    Caller first = new Caller("first").waits();
    Caller bad = new Caller("bad").waits();
    Caller good = new Caller("good").waits();
    letRun(2);
    assertThat(first.answer()).isEqualTo("first!");
    assertThat(good.answer()).isEqualTo("good!");
    assertThatThrownBy(bad::answer).isInstanceOf(StoreException.class).hasMessage("bad object");
  }

  @Test
  void aRoundThatFailsForGoodFailsAllOfItsCallersAndTheNextOneRuns() throws Exception {
    Caller first = new Caller("first").waits();
    Caller second = new Caller("second").waits();
    Caller third = new Caller("third").waits();
    letRun(1);
    steps.add(
        () -> {
          throw new StoreException("no such table", null);
        });
    assertThat(first.answer()).isEqualTo("first!");
    assertThatThrownBy(second::answer).hasMessage("no such table");
    assertThatThrownBy(third::answer).hasMessage("no such table");
    letRun(1);
    assertThat(new Caller("fourth").answer()).isEqualTo("fourth!");
  }

  @Test
  void aLeadersTimeLimitIsItsOwnAndTheOthersAreAnsweredInTheNextRound() throws Exception {
    Caller hasty = new Caller("hasty", SHORT).waits();
    Caller patient = new Caller("patient").waits();
    assertThatThrownBy(hasty::answer).isInstanceOf(TimeLimitException.class);
    letRun(1);
    assertThat(patient.answer()).isEqualTo("patient!");
  }

  @Test
  void membersOfALeadersRoundThatTimesOutGoRoundAgain() throws Exception {
    Caller first = new Caller("first").waits();
    Caller hasty = new Caller("hasty", SHORT).waits();
    Caller patient = new Caller("patient").waits();
    // Lets the first round end; the next one, of both, has the time that the hasty one has.
    letRun(1);
    assertThat(first.answer()).isEqualTo("first!");
    assertThatThrownBy(hasty::answer).isInstanceOf(TimeLimitException.class);
    while (rounds.size() < 3) {
      Thread.onSpinWait();
    }
    letRun(1);
    assertThat(patient.answer()).isEqualTo("patient!");
    assertThat(rounds.get(rounds.size() - 1)).containsExactly("patient");
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
  @DisplayName("a caller whose stack overflows fails alone")
  void smallStackIsItsOwnersTrouble() throws Exception {
    AtomicInteger answered = new AtomicInteger();
    AtomicInteger overflowed = new AtomicInteger();
    AtomicReference<Throwable> other = new AtomicReference<>();
    GroupCommit<String, String> deep =
        new GroupCommit<>(
            "the group",
            Function.identity(),
            List.of(
                (objects, deadline) -> {
                  descend(3_000);
                  return object -> Optional.of(object + "!");
                }),
            ForkJoinPool.commonPool());
    List<Thread> callers = new ArrayList<>();
    for (int i = 0; i < 400; i++) {
      String name = "caller-" + i;
      boolean small = i % 20 == 0;
      Runnable work =
          () -> {
            try {
              assertThat(ask(deep, name, Deadline.in(LONG))).isEqualTo(name + "!");
              answered.incrementAndGet();
            } catch (StackOverflowError own) {
              (small ? overflowed : answered).incrementAndGet();
              if (!small) {
                other.set(own);
              }
            } catch (Throwable failure) {
              other.set(failure);
            }
          };
      callers.add(new Thread(null, work, name, small ? 180_000 : 0));
    }
    callers.forEach(Thread::start);
    for (Thread caller : callers) {
      caller.join();
    }
    assertThat(other.get()).isNull();
    assertThat(answered.get() + overflowed.get()).isEqualTo(400);
    assertThat(ask(deep, "last", Deadline.in(LONG))).isEqualTo("last!");
  }

  private static int descend(int depth) {
    return depth == 0 ? 0 : 1 + descend(depth - 1);
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
  void whoDoesNotWaitIsAnsweredByWhoeverLeads() throws Exception {
    CompletableFuture<String> first = askLater(group, "first", Deadline.in(LONG));
    Caller second = new Caller("second").waits();
    CompletableFuture<String> third = askLater(group, "third", Deadline.in(LONG));
    letRun(3);
    assertThat(first.get()).isEqualTo("first!");
    assertThat(second.answer()).isEqualTo("second!");
    assertThat(third.get()).isEqualTo("third!");
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
  void anExecutorThatRefusesDoesNotBlockTheCaller() throws Exception {
    GroupCommit<String, String> refused =
        new GroupCommit<>(
            "the group",
            Function.identity(),
            List.of(this::runWhenLet),
            task -> {
              throw new RejectedExecutionException();
            });
    CompletableFuture<String> answer = askLater(refused, "ada", Deadline.in(LONG));
    // Only now, so the round waits for it on another thread.
    letRun(1);
    assertThat(answer.get()).isEqualTo("ada!");
  }

  @Test
  void aRoundThatThrowsACheckedExceptionKeepsNobodyElseFromAnAnswer() throws Exception {
    Caller first = new Caller("first").waits();
    Caller second = new Caller("second").waits();
    steps.add(
        () -> GroupCommitTest.<RuntimeException>throwUnchecked(new IOException("undeclared")));
    assertThatThrownBy(first::answer)
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("undeclared");
    letRun(1);
    assertThat(second.answer()).isEqualTo("second!");
  }

  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  private static <E extends Throwable> void throwUnchecked(Throwable failure) throws E {
    throw (E) failure;
  }

  @Test
  void whoWaitsInVainLearnsWhyTheRoundBeforeFailed() throws Exception {
    Caller first = new Caller("first").waits();
    CompletableFuture<String> second = askLater(group, "second", Deadline.in(LONG));
    CompletableFuture<String> third = askLater(group, "third", Deadline.in(LONG));
    CompletableFuture<String> hasty = askLater(group, "hasty", Deadline.in(SHORT.multipliedBy(4)));
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
  void whoWaitsIsAnsweredBeforeTheCodeOfOneWhoDoesNot() throws Exception {
    Caller first = new Caller("first").waits();
    CountDownLatch isAnswered = new CountDownLatch(1);
    CompletableFuture<Boolean> slow =
        askLater(group, "slow", Deadline.in(LONG)).thenApply(answer -> await(isAnswered));
    Caller second = new Caller("second").waits();
    letRun(2);
    assertThat(first.answer()).isEqualTo("first!");
    assertThat(second.answer()).isEqualTo("second!");
    isAnswered.countDown();
    assertThat(slow.get()).isTrue();
  }

  private static boolean await(CountDownLatch latch) {
    try {
      return latch.await(LONG.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException interruption) {
      throw new IllegalStateException(interruption);
    }
  }

  @Test
  void anExecutorThatDropsTheWorkKeepsNobodyElseFromAnAnswer() throws Exception {
    GroupCommit<String, String> dropped =
        new GroupCommit<>("the group", Function.identity(), List.of(this::runWhenLet), task -> {});
    CompletableFuture<String> never = askLater(dropped, "never", Deadline.in(SHORT));
    assertThatThrownBy(never::get).hasCauseInstanceOf(TimeLimitException.class);
    letRun(1);
    assertThat(ask(dropped, "ada", Deadline.in(LONG))).isEqualTo("ada!");
    CompletableFuture<String> refused = askLater(dropped, "refused", Deadline.in(LONG));
    dropped.refuse();
    assertThat(dropped.awaitIdle(Deadline.in(LONG))).isTrue();
    assertThatThrownBy(refused::get).hasCauseInstanceOf(ClosedException.class);
  }

  @Test
  void anExecutorThatIsGoneLeavesThousandsToBeAnsweredAllTheSame() {
    List<CompletableFuture<String>> answers = new ArrayList<>();
    GroupCommit<String, String> gone =
        new GroupCommit<>(
            "the group",
            Function.identity(),
            List.of((objects, deadline) -> object -> Optional.of(object + "!")),
            task -> {
              throw new OutOfMemoryError("no thread to be had");
            });
    for (int i = 0; i < 20_000; i++) {
      answers.add(askLater(gone, "user" + i, Deadline.in(LONG)));
    }
    assertThat(answers).allSatisfy(answer -> assertThat(answer.join()).endsWith("!"));
  }

  /** A first stage that knows all objects called known, before {@link #group}'s only one. */
  private GroupCommit<String, String> twoStages() {
    return new GroupCommit<>(
        "the group",
        Function.identity(),
        List.of(
            (objects, deadline) ->
                object -> object.startsWith("known") ? Optional.of(object + "?") : Optional.empty(),
            this::runWhenLet),
        threads);
  }

  @Test
  void whomOneStageHasNoAnswerForIsAnsweredByTheNextUnlessItAskedForOneAlone() {
    GroupCommit<String, String> two = twoStages();
    letRun(3);
    assertThat(two.call("known", Deadline.in(LONG), 0, 2)).contains("known?");
    assertThat(two.call("new", Deadline.in(LONG), 0, 1)).isEmpty();
    assertThat(two.call("new", Deadline.in(LONG), 0, 2)).contains("new!");
    assertThat(two.callAsync("newer", Deadline.in(LONG), 0, 2).join()).contains("newer!");
    assertThat(two.call("known", Deadline.in(LONG), 1, 2)).contains("known!");
    assertThat(rounds).containsExactly(List.of("new"), List.of("newer"), List.of("known"));
  }

  @Test
  void whoAskTogetherAreAnsweredInTheirOrderThoughTheNextRoundOvertakesTheThreadThatWokeIt() {
    List<String> names = IntStream.range(0, 2_500).mapToObj(i -> "new-" + i).toList();
    List<String> placed = Collections.synchronizedList(new ArrayList<>());
    GroupCommit<String, String> two =
        new GroupCommit<>(
            "the group",
            Function.identity(),
            List.of(
                (objects, deadline) -> object -> Optional.empty(),
                (objects, deadline) -> {
                  placed.addAll(objects);
                  return Optional::of;
                }),
            // The thread that hands a round over continues only when that round and its successors
            // end.
            task -> CompletableFuture.runAsync(task, threads).join());
    List<CompletableFuture<Optional<String>>> answers =
        two.callAsync(names, Deadline.in(LONG), 0, 2);
    assertThat(answers.stream().map(answer -> answer.join().orElseThrow())).isEqualTo(names);
    assertThat(placed).isEqualTo(names);
  }

  @Test
  void aStageThatIsBusyKeepsNobodyWaitingInAnother() {
    GroupCommit<String, String> two = twoStages();
    CompletableFuture<Optional<String>> first = two.callAsync("first", Deadline.in(LONG), 0, 2);
    CompletableFuture<Optional<String>> second = two.callAsync("second", Deadline.in(LONG), 0, 2);
    assertThat(two.call("known", Deadline.in(LONG), 0, 2)).contains("known?");
    assertThat(first).isNotDone();
    letRun(2);
    assertThat(first.join()).contains("first!");
    assertThat(second.join()).contains("second!");
  }

  @Test
  void whoGivesUpInALaterStageKeepsNobodyElseWaiting() {
    GroupCommit<String, String> two = twoStages();
    CompletableFuture<Optional<String>> first = two.callAsync("first", Deadline.in(LONG), 0, 2);
    while (rounds.isEmpty()) {
      Thread.onSpinWait();
    }
    assertThatThrownBy(() -> two.call("hasty", Deadline.in(SHORT), 0, 2))
        .isInstanceOf(TimeLimitException.class);
    CompletableFuture<Optional<String>> third = two.callAsync("third", Deadline.in(LONG), 0, 2);
    letRun(2);
    assertThat(first.join()).contains("first!");
    assertThat(third.join()).contains("third!");
    assertThat(rounds).containsExactly(List.of("first"), List.of("third"));
  }

  @Test
  void closingRefusesWhoeverWaitsInALaterStage() throws Exception {
    GroupCommit<String, String> two = twoStages();
    CompletableFuture<Optional<String>> first = two.callAsync("first", Deadline.in(LONG), 0, 2);
    while (rounds.isEmpty()) {
      Thread.onSpinWait();
    }
    CompletableFuture<Optional<String>> second = two.callAsync("second", Deadline.in(LONG), 0, 2);
    two.refuse();
    assertThatThrownBy(second::get).hasCauseInstanceOf(ClosedException.class);
    letRun(1);
    assertThat(two.awaitIdle(Deadline.in(LONG))).isTrue();
    assertThat(first.join()).contains("first!");
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

  @Test
  void neverDoTwoRoundsRunAtOnce() throws Exception {
    AtomicInteger running = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    GroupCommit<String, String> busy =
        new GroupCommit<>(
            "the group",
            Function.identity(),
            List.of(
                (objects, deadline) -> {
                  most.accumulateAndGet(running.incrementAndGet(), Math::max);
                  Thread.yield();
                  running.decrementAndGet();
                  return Optional::of;
                }),
            ForkJoinPool.commonPool());
    List<Thread> callers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Thread caller =
          new Thread(
              () -> {
                for (int j = 0; j < 20_000; j++) {
                  askLater(busy, "user", Deadline.in(LONG)).join();
                }
              });
      caller.start();
      callers.add(caller);
    }
    for (Thread caller : callers) {
      caller.join();
    }
    assertThat(most.get()).isEqualTo(1);
  }
}
