package dev.sharder.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.BinLoad;
import dev.sharder.store.AssignmentStore;
import dev.sharder.store.Deadline;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Plays long random histories on a store and on a model in plain Java: operators act beside
 * programs that assign, and transactions, connections and stores die in between. Both must agree
 * after every step. The seed is printed on failure.
 */
public abstract class OperatorHistoryContract {

  private static final int PLAYERS = 2;

  /** A store that can be cut off in the middle, and opened again on what it keeps. */
  public interface Crashable extends AutoCloseable {

    /** The store as it is open now. */
    AssignmentStore store();

    /** Closes the store and opens another on the same data, if there is data beyond the store. */
    default void reopen() {}

    /** The bins of the kind as they are kept, by the quickest way to read them; labels aside. */
    default List<BinLoad> bins(String kind) {
      return store().bins(kind, Deadline.in(Duration.ofMinutes(1))).stream()
          .map(bin -> new BinLoad(bin.bin().withLabels(Map.of()), bin.assigned()))
          .toList();
    }

    /**
     * Ways to cut the transaction that runs on this thread, now or at a step of it that is still to
     * come.
     */
    default List<Runnable> cuts(RandomGenerator random) {
      return List.of();
    }

    @Override
    void close();
  }

  /** Opens a store on the data of this test; called once by each thread that plays. */
  protected abstract Crashable open() throws Exception;

  /** The outcomes that these histories must have had at least once, in the words of their tally. */
  protected List<String> mustHaveHappened() {
    return List.of();
  }

  /** Returns how many histories are played; fewer than 150 may not show every outcome. */
  protected int histories() {
    return 500;
  }

  @Test
  @Timeout(value = 20, unit = TimeUnit.MINUTES)
  @DisplayName("Long histories of operators, programs and crashes go as in a model")
  void model() throws Exception {
    AtomicInteger seeds = new AtomicInteger();
    Map<String, Integer> tally = new ConcurrentSkipListMap<>();
    List<Callable<Void>> players = new ArrayList<>();
    for (int player = 0; player < PLAYERS; player++) {
      players.add(() -> play(seeds, tally));
    }
    ExecutorService threads = Executors.newFixedThreadPool(PLAYERS);
    try {
      for (Future<Void> played : threads.invokeAll(players)) {
        played.get();
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(tally.keySet())
        .as("what happened in these histories: %s", tally)
        .containsAll(OperatorHistory.WHAT_HAPPENS)
        .containsAll(mustHaveHappened());
  }

  private Void play(AtomicInteger seeds, Map<String, Integer> tally) throws Exception {
    try (Crashable crashable = open()) {
      int seed = seeds.getAndIncrement();
      while (seed < histories()) {
        new OperatorHistory(crashable, seed, tally).play();
        seed = seeds.getAndIncrement();
      }
      return null;
    } finally {
      // If one has failed, the others can stop.
      seeds.set(histories());
    }
  }
}
