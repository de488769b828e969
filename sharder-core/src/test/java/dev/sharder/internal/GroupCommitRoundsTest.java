package dev.sharder.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sharder.ClosedException;
import dev.sharder.StoreException;
import dev.sharder.TimeLimitException;
import dev.sharder.store.Deadline;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("Group commit: rounds and the callers that they answer")
@Timeout(60)
class GroupCommitRoundsTest extends HeldRounds {

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

  @Test
  @DisplayName("a stack that overflows anywhere in a round leaves the next round to another thread")
  void stackOverflowsAnywhere() throws Exception {
    GroupCommit<String, String> here =
        new GroupCommit<>(
            "the group",
            Function.identity(),
            List.of((objects, deadline) -> object -> Optional.of(object + "!")),
            Runnable::run);
    assertThat(askLater(here, "first", Deadline.in(LONG)).join()).isEqualTo("first!");
    for (int i = 0; i < 20; i++) {
      Thread caller = new Thread(null, () -> askInEachFrame(here), "caller", 200_000);
      caller.start();
      caller.join();
      assertThat(ask(here, "last", Deadline.in(LONG))).isEqualTo("last!");
    }
  }

  /** Descends until the stack is full, and asks once in each frame on the way back. */
  private static void askInEachFrame(GroupCommit<String, String> group) {
    try {
      askInEachFrame(group);
    } catch (StackOverflowError full) {
      // Ask with what is left.
    }
    try {
      askLater(group, "ada", Deadline.in(SHORT));
    } catch (StackOverflowError stillFull) {
      // Ask again with a frame more.
    }
  }

  private static int descend(int depth) {
    return depth == 0 ? 0 : 1 + descend(depth - 1);
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
        () ->
            GroupCommitRoundsTest.<RuntimeException>throwUnchecked(new IOException("undeclared")));
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
