package dev.sharder.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.Assignment;
import dev.sharder.Bin;
import dev.sharder.admin.Change;
import dev.sharder.admin.Note;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** An edit is empty exactly if a store has nothing to write. */
class EditTest {

  private static final Assignment ADA = new Assignment("hub", "ada", "a", 1, Instant.EPOCH);
  private static final Change ADDED =
      Change.ofBin("hub", "a", Change.What.BIN_ADDED, new Note("eve", ""), Instant.EPOCH);

  @Test
  @DisplayName("an edit that only has a result is empty")
  void onlyAResult() {
    Edit<String> edit = edit(List.of(), List.of(), List.of(), Map.of(), List.of(), List.of());
    assertThat(edit.isEmpty()).isTrue();
    assertThat(Edit.nothing("done")).isEqualTo(edit);
  }

  @ParameterizedTest
  @MethodSource
  @DisplayName("an edit with anything to record is not empty, be it only a count")
  void somethingToRecord(Edit<String> edit) {
    assertThat(edit.isEmpty()).isFalse();
  }

  static Stream<Edit<String>> somethingToRecord() {
    return Stream.of(
        edit(List.of(ADA), List.of(), List.of(), Map.of(), List.of(), List.of()),
        edit(List.of(), List.of(ADA), List.of(), Map.of(), List.of(), List.of()),
        edit(List.of(), List.of(), List.of(ADA), Map.of(), List.of(), List.of()),
        edit(List.of(), List.of(), List.of(), Map.of("a", 1L), List.of(), List.of()),
        edit(List.of(), List.of(), List.of(), Map.of(), List.of(Bin.of("a")), List.of()),
        edit(List.of(), List.of(), List.of(), Map.of(), List.of(), List.of(ADDED)));
  }

  private static Edit<String> edit(
      List<Assignment> placed,
      List<Assignment> moved,
      List<Assignment> removed,
      Map<String, Long> counted,
      List<Bin> bins,
      List<Change> changes) {
    return new Edit<>("done", placed, moved, removed, counted, bins, Set.of(), changes);
  }
}
