package dev.sharder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Group commit, with rounds that run when the test lets them. */
@Timeout(60)
class GroupTest {

  private static final Duration LONG = Duration.ofSeconds(50);
  private static final Duration SHORT = Duration.ofMillis(200);

  private final List<List<String>> rounds = Collections.synchronizedList(new ArrayList<>());
  private final BlockingQueue<Runnable> steps = new LinkedBlockingQueue<>();
  private final Group<String> group =
      new Group<>("the group", this::runWhenLet, ForkJoinPool.commonPool());

  /** A caller on a thread of its own. */
  private final class Caller {
    final FutureTask<String> task;
    final Thread thread;

    Caller(String object, Duration limit) {
      task = new FutureTask<>(() -> group.ask(object, Deadline.in(limit)));
      thread = new Thread(task, object);
      thread.start();
    }

    Caller(String object) {
      this(object, LONG);
    }

    /** Returns once it waits: in the queue, or in a round for a step of the test. */
    Caller waits() {
      while (thread.getState() != Thread.State.TIMED_WAITING
          && thread.getState() != Thread.State.WAITING) {
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

  private Function<String, String> runWhenLet(List<String> objects, Deadline deadline) {
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
      return object + "!";
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
    assertThat(group.ask("ada", Deadline.in(LONG))).isEqualTo("ada!");
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
    // Lets the first round end; the hasty one then leads, for itself and the patient one.
    letRun(1);
    assertThat(first.answer()).isEqualTo("first!");
    assertThatThrownBy(hasty::answer).isInstanceOf(TimeLimitException.class);
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
            "no answer within 200 ms: 'hasty' still waits for its turn; ask again, or allow more"
                + " time");
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
                return group.ask("interrupted", Deadline.in(LONG));
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
    CompletableFuture<String> later = group.askLater("later", Deadline.in(LONG));
    FutureTask<Void> closing =
        new FutureTask<>(
            () -> {
              group.refuse();
              group.awaitIdle();
              return null;
            });
    new Thread(closing).start();
    assertThatThrownBy(waiting::answer).isInstanceOf(ClosedException.class);
    assertThatThrownBy(later::get).hasCauseInstanceOf(ClosedException.class);
    assertThat(closing.isDone()).isFalse();
    letRun(1);
    assertThat(first.answer()).isEqualTo("first!");
    closing.get();
    assertThatThrownBy(() -> group.ask("late", Deadline.in(LONG)))
        .isInstanceOf(ClosedException.class);
    assertThat(rounds).containsExactly(List.of("first"));
  }

  @Test
  void whoDoesNotWaitIsAnsweredByWhoeverLeads() throws Exception {
    CompletableFuture<String> first = group.askLater("first", Deadline.in(LONG));
    Caller second = new Caller("second").waits();
    CompletableFuture<String> third = group.askLater("third", Deadline.in(LONG));
    letRun(3);
    assertThat(first.get()).isEqualTo("first!");
    assertThat(second.answer()).isEqualTo("second!");
    assertThat(third.get()).isEqualTo("third!");
  }

  @Test
  void whoDoesNotWaitHasATimeLimitToo() {
    CompletableFuture<String> first = group.askLater("first", Deadline.in(LONG));
    CompletableFuture<String> hasty = group.askLater("hasty", Deadline.in(SHORT));
    assertThatThrownBy(hasty::get).hasCauseInstanceOf(TimeLimitException.class);
    letRun(2);
    assertThat(first.join()).isEqualTo("first!");
  }

  @Test
  void anExecutorThatRefusesLeavesTheWorkToTheCaller() throws Exception {
    Group<String> refused =
        new Group<>(
            "the group",
            this::runWhenLet,
            task -> {
              throw new RejectedExecutionException();
            });
    letRun(1);
    assertThat(refused.askLater("ada", Deadline.in(LONG)).get()).isEqualTo("ada!");
  }

  @Test
  void anExecutorThatDropsTheWorkKeepsNobodyElseFromAnAnswer() throws Exception {
    Group<String> dropped = new Group<>("the group", this::runWhenLet, task -> {});
    CompletableFuture<String> never = dropped.askLater("never", Deadline.in(SHORT));
    assertThatThrownBy(never::get).hasCauseInstanceOf(TimeLimitException.class);
    letRun(1);
    assertThat(dropped.ask("ada", Deadline.in(LONG))).isEqualTo("ada!");
    CompletableFuture<String> refused = dropped.askLater("refused", Deadline.in(LONG));
    dropped.refuse();
    dropped.awaitIdle();
    assertThatThrownBy(refused::get).hasCauseInstanceOf(ClosedException.class);
  }

  @Test
  void anExecutorThatIsGoneLeavesThousandsToBeAnsweredAllTheSame() {
    List<CompletableFuture<String>> answers = new ArrayList<>();
    Group<String> gone =
        new Group<>(
            "the group",
            (objects, deadline) -> object -> object + "!",
            task -> {
              throw new OutOfMemoryError("no thread to be had");
            });
    for (int i = 0; i < 20_000; i++) {
      answers.add(gone.askLater("user" + i, Deadline.in(LONG)));
    }
    assertThat(answers).allSatisfy(answer -> assertThat(answer.join()).endsWith("!"));
  }

  @Test
  void neverDoTwoRoundsRunAtOnce() throws Exception {
    AtomicInteger running = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    Group<String> busy =
        new Group<>(
            "the group",
            (objects, deadline) -> {
              most.accumulateAndGet(running.incrementAndGet(), Math::max);
              Thread.yield();
              running.decrementAndGet();
              return object -> object;
            },
            ForkJoinPool.commonPool());
    List<Thread> callers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Thread caller =
          new Thread(
              () -> {
                for (int j = 0; j < 20_000; j++) {
                  busy.askLater("user", Deadline.in(LONG)).join();
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
