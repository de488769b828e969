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
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
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
  void membersOfALeadersRoundThatTimesOutGoRoundAgain() throws Exception {
    Caller first = new Caller("first").waits();
    Caller hasty = new Caller("hasty", SHORT).waits();
    Caller patient = new Caller("patient").waits();
    // Lets the first round end; the next one, of both, has the time that the hasty one has.
    letRun(1);
    assertThat(first.answer()).isEqualTo("first!");
    assertThatThrownBy(hasty::answer).isInstanceOf(TimeLimitException.class);
    while (!rounds.get(rounds.size() - 1).equals(List.of("patient"))) {
      Thread.onSpinWait();
    }
    letRun(1);
    assertThat(patient.answer()).isEqualTo("patient!");
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
