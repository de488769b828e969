package dev.sharder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sharder.store.AssignmentStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A listener hears what happened, each thing once, and can do no harm. */
@Timeout(60)
class SharderListenerTest {

  /** Writes down what it hears. */
  private static final class Heard implements SharderListener {
    private final List<String> events = Collections.synchronizedList(new ArrayList<>());

    /** Without the rounds that led to them. */
    private List<String> answers() {
      return events.stream().filter(event -> !event.matches("(FIND|PLACE) .*")).toList();
    }

    @Override
    public void opened(String kind, Supplier<List<BinLoad>> bins) {
      events.add("opened " + kind + " with " + bins.get().size());
    }

    @Override
    public void answeredFromMemory(Placement placement) {
      events.add("memory " + placement.object());
    }

    @Override
    public void answered(Placement placement, Duration took) {
      assertThat(took).isPositive();
      events.add((placement.isNew() ? "new " : "found ") + placement.object());
    }

    @Override
    public void answeredMany(Collection<Placement> placements, Duration took) {
      events.add("many " + placements.size());
    }

    @Override
    public void refused(String kind, SharderException error, Duration took) {
      events.add("refused " + error.getClass().getSimpleName());
    }

    @Override
    public void finishedRound(String kind, Step step, int objects, Duration took) {
      events.add(step + " " + objects);
    }
  }

  private final Heard heard = new Heard();

  @Test
  void everyAnswerIsHeardOnceWithWhereItCameFrom() {
    try (AssignmentStore store = AssignmentStore.inMemory();
        Sharder hubs = sharder(store, 100)) {
      hubs.assign("ada");
      // The cache keeps answers once it watches for changes.
      while (!heard.events.contains("memory ada")) {
        hubs.assign("ada");
      }
      hubs.assignAsync("ada").toCompletableFuture().join();
      hubs.assignAsync("bob").toCompletableFuture().join();
      hubs.assignAll(List.of("ada", "eve"));
      hubs.assignRoster(List.of("ada", "zoe").iterator(), done -> {});
      hubs.find("ada");
    }
    assertThat(heard.events).startsWith("opened hub with 2", "FIND 1", "PLACE 1", "new ada");
    assertThat(heard.answers())
        .endsWith("memory ada", "memory ada", "new bob", "many 2", "many 2")
        .filteredOn("memory ada"::equals)
        .hasSize(2);
  }

  @Test
  void withoutACacheAKnownObjectIsFound() {
    try (AssignmentStore store = AssignmentStore.inMemory();
        Sharder hubs = sharder(store, 0)) {
      hubs.assign("ada");
      hubs.assign("ada");
    }
    assertThat(heard.answers()).containsExactly("opened hub with 2", "new ada", "found ada");
  }

  @Test
  void whereEverybodyIsNewHardlyAnybodyIsLookedForFirst() {
    try (AssignmentStore store = AssignmentStore.inMemory();
        Sharder hubs = sharder(store, 0)) {
      for (int i = 0; i < 1_000; i++) {
        hubs.assign("user-" + i);
      }
    }
    assertThat(heard.events).filteredOn("PLACE 1"::equals).hasSize(1_000);
    // Once to begin with, and after each pause of the machine that is longer than new objects are
    // expected for.
    assertThat(heard.events).filteredOn("FIND 1"::equals).hasSizeBetween(1, 100);
  }

  @Test
  void knownObjectsTakeNoLockAfterTheFirst() {
    try (AssignmentStore store = AssignmentStore.inMemory();
        Sharder hubs = sharder(store, 0)) {
      hubs.assignAll(IntStream.range(0, 1_000).mapToObj(i -> "user-" + i).toList());
      hubs.assign("new-user");
      heard.events.clear();
      for (int i = 0; i < 1_000; i++) {
        assertThat(hubs.assign("user-" + i).isNew()).isFalse();
      }
    }
    assertThat(heard.events).filteredOn("PLACE 1"::equals).hasSizeLessThanOrEqualTo(1);
    assertThat(heard.events).filteredOn("FIND 1"::equals).hasSizeGreaterThanOrEqualTo(999);
  }

  @Test
  @DisplayName("closing twice is heard once")
  void closedOnce() {
    List<String> closed = new ArrayList<>();
    SharderListener listener =
        new SharderListener() {
          @Override
          public void closed(String kind, Supplier<List<BinLoad>> bins) {
            closed.add(kind);
          }
        };
    Sharder hubs =
        Sharder.builder("hub", AssignmentStore.inMemory()).bins("a").listener(listener).build();
    hubs.close();
    hubs.close();
    assertThat(closed).containsExactly("hub");
  }

  @Test
  void anErrorIsHeardHoweverItIsReturned() {
    try (AssignmentStore store = AssignmentStore.inMemory();
        Sharder hubs =
            Sharder.builder("hub", store)
                .bins(List.of(Bin.of("a").withCapacity(0)))
                .listener(heard)
                .build()) {
      assertThatThrownBy(() -> hubs.assign("ada")).isInstanceOf(NoOpenBinException.class);
      assertThatThrownBy(() -> hubs.assignAsync("ada").toCompletableFuture().join())
          .hasCauseInstanceOf(NoOpenBinException.class);
      hubs.close();
      assertThatThrownBy(() -> hubs.assign("ada")).isInstanceOf(ClosedException.class);
    }
    assertThat(heard.events)
        .filteredOn(event -> event.startsWith("refused"))
        .containsExactly(
            "refused NoOpenBinException", "refused NoOpenBinException", "refused ClosedException");
  }

  @Test
  void ofManyThoseAreHeardWhoWereAnsweredAndTheErrorOfTheOthers() {
    try (AssignmentStore store = AssignmentStore.inMemory();
        Sharder hubs =
            Sharder.builder("hub", store)
                .bins(List.of(Bin.of("a").withCapacity(2)))
                .listener(heard)
                .build()) {
      assertThatThrownBy(() -> hubs.assignAll(List.of("x", "y", "z")))
          .isInstanceOf(NoOpenBinException.class);
      assertThatThrownBy(() -> hubs.assignRoster(List.of("x", "z").iterator(), done -> {}))
          .isInstanceOf(NoOpenBinException.class);
      assertThatThrownBy(() -> hubs.assign("\u0001")).isInstanceOf(InvalidValueException.class);
    }
    assertThat(heard.events)
        .containsExactly(
            "opened hub with 1",
            "many 2",
            "refused NoOpenBinException",
            "many 1",
            "refused NoOpenBinException",
            "refused InvalidValueException");
  }

  @Test
  @DisplayName("a listener that heard of a sharder hears of its end, even if it could not start")
  void endWithoutStart() {
    AssignmentStore store = AssignmentStore.inMemory();
    store.close();
    List<String> events = new ArrayList<>();
    SharderListener listener =
        new SharderListener() {
          @Override
          public void opened(String kind, Supplier<List<BinLoad>> bins) {
            events.add("opened " + kind);
          }

          @Override
          public void closed(String kind, Supplier<List<BinLoad>> bins) {
            events.add("closed " + kind);
          }
        };
    SharderBuilder hubs = Sharder.builder("hub", store).listener(listener).onChange(change -> {});
    assertThatThrownBy(hubs::build).isInstanceOf(ClosedException.class);
    assertThat(events).containsExactly("opened hub", "closed hub");
  }

  @Test
  void oneThatThrowsHarmsNobody() {
    SharderListener broken =
        new SharderListener() {
          @Override
          public void answered(Placement placement, Duration took) {
            throw new IllegalStateException("broken");
          }

          @Override
          public void finishedRound(String kind, Step step, int objects, Duration took) {
            throw new AssertionError("broken");
          }
        };
    try (AssignmentStore store = AssignmentStore.inMemory();
        Sharder hubs = Sharder.builder("hub", store).bins("a").listener(broken).build()) {
      assertThat(hubs.assign("ada").bin()).isEqualTo("a");
      assertThat(hubs.assignAsync("bob").toCompletableFuture().join().bin()).isEqualTo("a");
    }
  }

  private Sharder sharder(AssignmentStore store, long cache) {
    return Sharder.builder("hub", store).bins("a", "b").cache(cache).listener(heard).build();
  }
}
