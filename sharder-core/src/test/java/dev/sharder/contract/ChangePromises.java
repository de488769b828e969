package dev.sharder.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.Assignment;
import dev.sharder.Bin;
import dev.sharder.BinState;
import dev.sharder.Sharder;
import dev.sharder.SharderBuilder;
import dev.sharder.admin.Change;
import dev.sharder.admin.Move;
import dev.sharder.admin.MoveMode;
import dev.sharder.admin.Note;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The record of everything that is not a first assignment. */
abstract class ChangePromises extends StorePromises {

  @Test
  @DisplayName("every change of a bin is recorded, in order, with its author and reason")
  void ofBins() {
    admin().addBin(Bin.of("a"), NOTE);
    admin().changeBin("a", bin -> bin.withWeight(2).withState(BinState.CORDONED), NOTE);
    admin().changeBin("a", bin -> bin.withState(BinState.DRAINING), NOTE);
    admin().changeBin("a", bin -> bin.withState(BinState.RETIRED), new Note("bob", ""));
    admin().changeBin("a", bin -> bin.withState(BinState.OPEN), NOTE);
    List<Change> changes = all(admin().changes(0));
    assertThat(changes)
        .extracting(Change::what)
        .containsExactly(
            Change.What.BIN_ADDED,
            Change.What.BIN_UPDATED,
            Change.What.BIN_CORDONED,
            Change.What.BIN_DRAINING,
            Change.What.BIN_RETIRED,
            Change.What.BIN_OPENED);
    assertThat(changes).extracting(Change::revision).containsExactly(1L, 2L, 2L, 3L, 4L, 5L);
    assertThat(changes).extracting(Change::id).isSorted().doesNotHaveDuplicates();
    assertThat(changes)
        .allSatisfy(
            change -> {
              assertThat(change.object()).isEmpty();
              assertThat(change.from()).contains("a");
              assertThat(change.to()).contains("a");
            });
    assertThat(changes.get(0).note()).isEqualTo(NOTE);
    assertThat(changes.get(4).note()).isEqualTo(new Note("bob", ""));
    assertThat(all(admin().changes(changes.get(3).id()))).isEqualTo(changes.subList(4, 6));
  }

  @Test
  @DisplayName("the history of an object holds its assignments, moves and removals")
  void ofAnObject() {
    Sharder hubs = hubs("a", "b");
    assertThat(admin().history("ada")).isEmpty();
    Assignment first = hubs.assign("ada").assignment();
    assertThat(admin().history("ada"))
        .containsExactly(Change.first("hub", "ada", "a", first.assignedAt()));
    Assignment moved =
        admin().move(Move.of("ada", "b"), MoveMode.CHECKED, new Note("bob", "a is slow"));
    admin().remove("ada", ANY, new Note("cyd", "she left"));
    Assignment again = hubs.assign("ada").assignment();
    hubs.assign("bob");
    admin().move(Move.of("bob", "a"), MoveMode.CHECKED, NOTE);
    List<Change> story = admin().history("ada");
    assertThat(story)
        .extracting(Change::what)
        .containsExactly(
            Change.What.ASSIGNED, Change.What.MOVED, Change.What.REMOVED, Change.What.ASSIGNED);
    assertThat(story.get(0)).isEqualTo(Change.first("hub", "ada", "a", first.assignedAt()));
    assertTells(story.get(1), "a", Optional.of("b"), new Note("bob", "a is slow"), first);
    assertTells(story.get(2), "b", Optional.empty(), new Note("cyd", "she left"), moved);
    assertThat(story.get(3)).isEqualTo(Change.first("hub", "ada", "a", again.assignedAt()));
    admin().move(Move.of("ada", "b"), MoveMode.CHECKED, NOTE);
    List<Change> longer = admin().history("ada");
    assertThat(longer.subList(0, 4)).isEqualTo(story);
    assertTells(longer.get(4), "a", Optional.of("b"), NOTE, again);
    assertThat(longer).hasSize(5).extracting(Change::at).isSorted();
  }

  private static void assertTells(
      Change change, String from, Optional<String> to, Note note, Assignment before) {
    assertThat(change.object()).contains("ada");
    assertThat(change.from()).contains(from);
    assertThat(change.to()).isEqualTo(to);
    assertThat(change.note()).isEqualTo(note);
    assertThat(change.version()).isEqualTo(before.version());
    assertThat(change.since().orElseThrow()).isEqualTo(before.assignedAt());
  }

  @Test
  @Timeout(60)
  @DisplayName(
      "a sharder passes each change to its listener once and in order, also if that fails or is interrupted")
  void onChange() throws Exception {
    BlockingQueue<Change> heard = new LinkedBlockingQueue<>();
    Consumer<Change> listener =
        change -> {
          heard.add(change);
          Thread.currentThread().interrupt();
          throw new IllegalStateException("the listener failed");
        };
    hubs("a", "b").assign("ada");
    SharderBuilder builder = Sharder.builder("hub", store).staleness(Duration.ofMillis(100));
    long before = admin().lastChange();
    try (Sharder hubs = builder.onChange(listener).build()) {
      admin().move(Move.of("ada", "b"), NOTE);
      admin().remove("ada", ANY, NOTE);
      admin().changeBin("a", bin -> bin.withState(BinState.CORDONED), NOTE);
      List<Change> passed = new ArrayList<>();
      while (passed.size() < 3) {
        passed.add(heard.take());
      }
      assertThat(passed).isEqualTo(changesAfter(before));
    }
    admin().changeBin("a", bin -> bin.withState(BinState.OPEN), NOTE);
    assertThat(heard).isEmpty();
  }
}
