package dev.sharder.contract;

import dev.sharder.BinPolicy;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Seeded random histories, played on the store and on a model in plain Java. */
abstract class RandomHistoryPromises extends StorePromises {

  @Test
  @DisplayName("random histories get the answers of a model, in each way the store chooses bins")
  void model() {
    for (int seed = 0; seed < histories; seed++) {
      new RandomHistory(store, seed, List.of(BinPolicy.emptiest(), EMPTIEST_IN_JAVA)).play();
    }
  }

  @Test
  @DisplayName("thousands of objects in one call are placed as if one by one")
  void manyAtOnce() {
    for (int size : List.of(1_000, 5_000, 8_000)) {
      List<BinPolicy> ways = List.of(BinPolicy.emptiest(), EMPTIEST_IN_JAVA);
      new RandomHistory(store, 1_000_000 + size, ways).playOneGroupOf(size);
    }
  }

  @Test
  @DisplayName(
      "random histories with sizes and groups get the answers of a model, and of the explanation")
  void sizesAndGroups() {
    for (int seed = 0; seed < histories / 5; seed++) {
      new SizedHistory(store, seed).play();
    }
  }
}
