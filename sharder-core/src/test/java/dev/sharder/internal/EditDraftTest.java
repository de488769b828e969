package dev.sharder.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.Assignment;
import dev.sharder.admin.Note;
import dev.sharder.store.Snapshot;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class EditDraftTest {

  @Test
  @DisplayName("an object that was moved elsewhere is placed as version 1, as an edit promises")
  void placedElsewhere() {
    Snapshot empty = new Snapshot(0, Instant.EPOCH, List.of(), Set.of(), Map.of(), Map.of());
    EditDraft draft = new EditDraft(empty, new Note("eve", ""));
    Instant earlier = Instant.EPOCH.minusSeconds(1);
    draft.place(new Assignment("hub", "ada", "a", 3, earlier, 5, Optional.of("class")));
    assertThat(draft.returning(true).placed())
        .containsExactly(new Assignment("hub", "ada", "a", 1, earlier, 5, Optional.of("class")));
    assertThat(draft.returning(true).counted()).isEqualTo(Map.of("a", 5L));
  }
}
