package dev.sharder.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinState;
import dev.sharder.Sharder;
import dev.sharder.store.Deadline;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** How the bins that a program declares become the bins of the kind. */
abstract class DeclarationPromises extends StorePromises {

  @Test
  @DisplayName("declared bins are added or updated, and all others are cordoned")
  void declared() {
    Sharder.builder("hub", store)
        .bins(List.of(Bin.of("a"), Bin.of("b").withWeight(2), Bin.of("c")))
        .build()
        .assignAll(List.of("ada", "bob", "cyd", "dan"));
    Bin updated =
        Bin.of("b").withWeight(5).withOffset(1).withCapacity(9).withLabels(Map.of("gpu", "yes"));
    assertThat(declare(updated, Bin.of("c"), Bin.of("d")))
        .containsExactlyInAnyOrder("bin-added d", "bin-updated b", "bin-cordoned a");
    assertThat(store.bins("hub", Deadline.in(LIMIT)))
        .containsExactly(
            new BinLoad(Bin.of("a").withState(BinState.CORDONED), 1),
            new BinLoad(updated, 2),
            new BinLoad(Bin.of("c"), 1),
            new BinLoad(Bin.of("d"), 0));
  }

  @Test
  @DisplayName("declaring the same bins again changes nothing")
  void again() {
    Bin rich = Bin.of("a").withCapacity(3).withLabels(Map.of("x", "1", "y", "2", "z", "3"));
    declare(rich, Bin.of("b"));
    assertThat(declare(rich, Bin.of("b"))).isEmpty();
  }

  @Test
  @DisplayName(
      "a bin that was cordoned because it was not declared opens when it is declared again")
  void reopened() {
    declare(Bin.of("a"), Bin.of("b"));
    declare(Bin.of("a"));
    assertThat(declare(Bin.of("a"), Bin.of("b"))).containsExactly("bin-opened b");
    assertThat(store.bins("hub", Deadline.in(LIMIT)))
        .containsExactly(new BinLoad(Bin.of("a"), 0), new BinLoad(Bin.of("b"), 0));
  }

  @Test
  @DisplayName("a bin that was declared closed is not opened by declaring it again")
  void declaredClosed() {
    declare(Bin.of("a"), Bin.of("b").withState(BinState.CORDONED));
    declare(Bin.of("a"));
    assertThat(declare(Bin.of("a"), Bin.of("b"))).isEmpty();
    assertThat(store.bins("hub", Deadline.in(LIMIT)).get(1).bin().state())
        .isEqualTo(BinState.CORDONED);
  }

  @Test
  @DisplayName("a bin that an operator closed is not opened by declaring it")
  void closedByOperator() {
    hubs("a", "b", "c");
    hubs("c");
    admin().changeBin("a", bin -> bin.withState(BinState.DRAINING), NOTE);
    admin().changeBin("b", bin -> bin.withWeight(2), NOTE);
    hubs("a", "b", "c");
    assertThat(admin().bins())
        .extracting(bin -> bin.bin().state())
        .containsExactly(BinState.DRAINING, BinState.OPEN, BinState.OPEN);
  }
}
