package dev.sharder.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.Assignment;
import dev.sharder.Bin;
import dev.sharder.Sharder;
import dev.sharder.SharderBuilder;
import dev.sharder.admin.Move;
import dev.sharder.admin.MoveMode;
import dev.sharder.store.Deadline;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What caches rely on: revisions, and notices within the process. */
abstract class CachePromises extends StorePromises {

  @Test
  @DisplayName("waiting for a change for no time does not fail")
  void noWait() throws InterruptedException {
    store.awaitChange("hub", Duration.ZERO);
  }

  @Test
  @DisplayName("every sharder of the process sees a move or removal at once")
  void sameProcess() {
    SharderBuilder cached = Sharder.builder("hub", store).staleness(Duration.ofDays(1));
    hubs("a", "b");
    try (Sharder one = cached.build();
        Sharder other = cached.build()) {
      awaitMemory(one);
      awaitMemory(other);
      for (int i = 0; i < 20; i++) {
        String bin = one.assign("ada").bin();
        assertThat(other.assign("ada").bin()).isEqualTo(bin);
        String to = bin.equals("a") ? "b" : "a";
        admin().move(Move.of("ada", to), MoveMode.CHECKED, NOTE);
        assertThat(one.assign("ada").bin()).isEqualTo(to);
        assertThat(other.find("ada").orElseThrow().bin()).isEqualTo(to);
      }
      admin().remove("ada", ANY, NOTE);
      assertThat(one.find("ada")).isEmpty();
      assertThat(other.find("ada")).isEmpty();
    }
  }

  @Test
  @DisplayName("every change raises the revision, and a first assignment does not")
  void raisesTheRevision() {
    assertThat(revision()).isZero();
    declare(Bin.of("a"), Bin.of("b"));
    long added = revision();
    Sharder.builder("hub", store).build().assign("ada");
    declare(Bin.of("a"), Bin.of("b"));
    assertThat(revision()).isEqualTo(added).isPositive();
    declare(Bin.of("a"));
    assertThat(revision()).isGreaterThan(added);
    assertThat(store.changedSince("hub", added, Deadline.in(LIMIT)).objects().orElseThrow())
        .isEmpty();
  }

  /** Returns once the sharder answers from memory, and so misses a write that records no change. */
  private void awaitMemory(Sharder hubs) {
    for (int i = 0; ; i++) {
      Assignment probe = hubs.assign("probe" + i).assignment();
      String other = probe.bin().equals("a") ? "b" : "a";
      record(
          List.of(new Assignment("hub", probe.object(), other, 1, probe.assignedAt())),
          Map.of(probe.bin(), -1L, other, 1L));
      if (hubs.assign(probe.object()).bin().equals(probe.bin())) {
        return;
      }
    }
  }
}
