package dev.sharder.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinPolicy;
import dev.sharder.BinState;
import dev.sharder.InvalidValueException;
import dev.sharder.NoOpenBinException;
import dev.sharder.NotFoundException;
import dev.sharder.RefusedException;
import dev.sharder.Sharder;
import dev.sharder.admin.Move;
import dev.sharder.admin.MoveMode;
import dev.sharder.store.Placements;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What an operator may do to bins, and what closed and full bins do. */
abstract class BinPromises extends StorePromises {

  @Test
  @DisplayName("a closed bin stays closed, and the error says why each bin refuses")
  void allClosed() {
    Sharder hubs =
        Sharder.builder("hub", store)
            .bins(
                List.of(
                    Bin.of("hub-1").withCapacity(3).withOffset(1),
                    Bin.of("hub-2").withState(BinState.CORDONED),
                    Bin.of("hub-3").withState(BinState.DRAINING),
                    Bin.of("hub-4").withState(BinState.RETIRED)))
            .build();
    assignMany(hubs, "user", 2);
    assertThatThrownBy(() -> hubs.assign("late"))
        .isInstanceOf(NoOpenBinException.class)
        .hasMessage(
            "kind 'hub' has no open bin for 'late': hub-1 is full (3 of 3), hub-2 is cordoned,"
                + " hub-3 is draining, hub-4 is retired; open one or add a bin");
    assertThat(hubs.find("late")).isEmpty();
    assertThat(hubs.assign("user0").bin()).isEqualTo("hub-1");
  }

  @Test
  @DisplayName("a name that no bin can have is refused as invalid, and an unknown one as unknown")
  void invalidNames() {
    hubs("a");
    for (String name : List.of("", " ", "a\nb")) {
      assertThatThrownBy(() -> admin().bin(name)).isInstanceOf(InvalidValueException.class);
      assertThatThrownBy(() -> admin().changeBin(name, bin -> bin, NOTE))
          .isInstanceOf(InvalidValueException.class);
      assertThatThrownBy(() -> admin().drain(name, NOTE, done -> {}))
          .isInstanceOf(InvalidValueException.class);
    }
    assertThatThrownBy(() -> admin().bin("b")).isInstanceOf(NotFoundException.class);
  }

  @Test
  @DisplayName("a kind without bins is an error that says so")
  void noBins() {
    Sharder hubs = Sharder.builder("hub", store).build();
    assertThatThrownBy(() -> hubs.assign("ada"))
        .isInstanceOf(NoOpenBinException.class)
        .hasMessage("kind 'hub' has no bins, so 'ada' has nowhere to go; add a bin");
  }

  @Test
  @DisplayName("an object that finds no room is refused alone, and the others are placed")
  void noRoom() {
    Sharder hubs = Sharder.builder("hub", store).bins(List.of(Bin.of("a").withCapacity(2))).build();
    hubs.assign("known");
    Placements placements = place(List.of("first", "known", "second"), BinPolicy.emptiest());
    assertThat(placements.placed().keySet()).containsExactlyInAnyOrder("first", "known");
    assertThat(placements.refused())
        .containsOnlyKeys("second")
        .allSatisfy(
            (object, error) -> assertThat(error).hasMessageContaining("a is full (2 of 2)"));
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 2L));
  }

  @Test
  @DisplayName("a bin is added once, in any state")
  void added() {
    Bin bin =
        new Bin("a", 3, 4, OptionalLong.of(9), BinState.DRAINING, Map.of("gpu", "yes", "x", ""));
    assertThat(admin().addBin(bin, NOTE)).isEqualTo(new BinLoad(bin, 0));
    assertThat(admin().bins()).containsExactly(new BinLoad(bin, 0));
    assertThatThrownBy(() -> admin().addBin(Bin.of("a"), NOTE))
        .isInstanceOf(RefusedException.class)
        .hasMessage("kind 'hub' has a bin 'a' already; change it, or choose another name");
    assertThat(admin().bins()).containsExactly(new BinLoad(bin, 0));
  }

  @Test
  @DisplayName("a new weight, offset, capacity or label takes effect at once for every sharder")
  void changed() {
    BinPolicy labelled = BinPolicy.labelled(Map.of("gpu", "yes"), BinPolicy.emptiest());
    Sharder hubs = hubs("a", "b");
    Sharder gpus = Sharder.builder("hub", store).policy(labelled).build();
    admin().changeBin("a", bin -> bin.withOffset(2), NOTE);
    assertThat(assign(hubs, "o", 3)).containsExactly("b", "b", "a");
    admin().changeBin("b", bin -> bin.withWeight(10), NOTE);
    assertThat(assign(hubs, "w", 3)).containsExactly("b", "b", "b");
    admin().changeBin("b", bin -> bin.withCapacity(6), NOTE);
    assertThat(assign(hubs, "c", 2)).containsExactly("b", "a");
    assertThatThrownBy(() -> gpus.assign("ada")).hasMessageContaining("b lacks the label gpu=yes");
    admin().changeBin("a", bin -> bin.withLabels(Map.of("gpu", "yes")), NOTE);
    assertThat(gpus.assign("ada").bin()).isEqualTo("a");
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "OPEN")
  @DisplayName(
      "every sharder avoids a closed bin at once, and uses it at once when it is open again")
  void closedAndOpened(BinState state) {
    Sharder hubs = hubs("a", "b");
    Sharder another = Sharder.builder("hub", store).build();
    assertThat(another.assign("ada").bin()).isEqualTo("a");
    admin().changeBin("b", bin -> bin.withState(state), NOTE);
    assertThat(assign(another, "user", 3)).containsOnly("a");
    assertThat(admin().changeBin("b", bin -> bin.withState(BinState.OPEN), NOTE))
        .isEqualTo(new BinLoad(Bin.of("b"), 0));
    assertThat(another.assign("bob").bin()).isEqualTo("b");
    assertThat(hubs.assign("user0").bin()).isEqualTo("a");
  }

  @Test
  @DisplayName("a bin that holds something cannot be retired")
  void retired() {
    assign(hubs("a", "b"), "user", 4);
    assertThatThrownBy(() -> admin().changeBin("a", bin -> bin.withState(BinState.RETIRED), NOTE))
        .isInstanceOf(RefusedException.class)
        .hasMessage(
            "bin 'a' of kind 'hub' holds 2 and cannot be retired; drain it first, or move what it"
                + " holds");
    assertThat(admin().bins().get(0)).isEqualTo(new BinLoad(Bin.of("a"), 2));
    admin().move(Move.of("user0", "b"), MoveMode.CHECKED, NOTE);
    admin().remove("user2", ANY, NOTE);
    assertThat(admin().changeBin("a", bin -> bin.withState(BinState.RETIRED), NOTE))
        .isEqualTo(new BinLoad(Bin.of("a").withState(BinState.RETIRED), 0));
  }

  @Test
  @DisplayName("changing a bin to what it already is changes nothing")
  void unchanged() {
    hubs("a");
    long before = revision();
    BinLoad same = admin().changeBin("a", bin -> bin.withWeight(1).withState(BinState.OPEN), NOTE);
    assertThat(same).isEqualTo(new BinLoad(Bin.of("a"), 0));
    assertThat(revision()).isEqualTo(before);
  }

  @Test
  @DisplayName("a bin cannot be renamed, and an unknown bin cannot be changed")
  void neitherRenamedNorInvented() {
    hubs("a");
    assertThatThrownBy(() -> admin().changeBin("a", bin -> Bin.of("b"), NOTE))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("'a'")
        .hasMessageContaining("cannot be renamed to 'b'");
    assertThatThrownBy(() -> admin().changeBin("b", bin -> bin.withWeight(2), NOTE))
        .isInstanceOf(NotFoundException.class)
        .hasMessageContaining("bin 'b' of kind 'hub' is unknown");
    assertThat(admin().bins()).containsExactly(new BinLoad(Bin.of("a"), 0));
  }

  @ParameterizedTest
  @MethodSource("failures")
  @DisplayName("a decision that fails changes nothing, and does not block others")
  void failingDecision(Throwable failure) {
    Sharder hubs = hubs("a");
    long before = revision();
    assertThatThrownBy(
            () ->
                admin()
                    .changeBin(
                        "a",
                        bin -> {
                          throw StorePromises.<RuntimeException>sneaky(failure);
                        },
                        NOTE))
        .isSameAs(failure);
    assertThat(revision()).isEqualTo(before);
    assertThat(admin().bins()).containsExactly(new BinLoad(Bin.of("a"), 0));
    assertThat(hubs.assign("ada").isNew()).isTrue();
  }

  static Stream<Throwable> failures() {
    return Stream.of(
        new IllegalStateException("out of order"),
        new AssertionError("broken"),
        new IOException("not declared"),
        new InvalidValueException("nonsense"));
  }
}
