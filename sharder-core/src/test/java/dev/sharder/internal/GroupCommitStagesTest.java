package dev.sharder.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sharder.ClosedException;
import dev.sharder.TimeLimitException;
import dev.sharder.store.Deadline;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("Group commit in several stages")
@Timeout(60)
class GroupCommitStagesTest extends HeldRounds {

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
}
