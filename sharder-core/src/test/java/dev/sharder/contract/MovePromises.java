package dev.sharder.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sharder.Assignment;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinState;
import dev.sharder.ConflictException;
import dev.sharder.NotFoundException;
import dev.sharder.Placement;
import dev.sharder.RefusedException;
import dev.sharder.Sharder;
import dev.sharder.SharderException;
import dev.sharder.admin.Move;
import dev.sharder.admin.MoveMode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Moves and removals of objects that are alone and of size 1. */
abstract class MovePromises extends StorePromises {

  @Test
  @DisplayName("a move raises the version and keeps both counters right")
  void moved() {
    Sharder hubs = hubs("a", "b");
    assign(hubs, "user", 4);
    Assignment before = admin().find("user0").orElseThrow();
    Assignment after = admin().move(Move.of("user0", "b").ifVersion(1), MoveMode.CHECKED, NOTE);
    assertThat(after).isEqualTo(new Assignment("hub", "user0", "b", 2, after.assignedAt()));
    assertThat(after.assignedAt()).isAfterOrEqualTo(before.assignedAt());
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 1L, "b", 3L));
    Assignment kept = admin().find("user0").orElseThrow();
    assertThat(kept.version()).isEqualTo(2);
    assertThat(kept.bin()).isEqualTo("b");
    assertThat(admin().move(Move.of("user0", "a"), MoveMode.CHECKED, NOTE).version()).isEqualTo(3);
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 2L, "b", 2L));
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "RETIRED")
  @DisplayName("moving an object to the bin that holds it changes nothing, in any state of the bin")
  void alreadyThere(BinState state) {
    Assignment ada = hubs("a").assign("ada").assignment();
    admin().changeBin("a", bin -> bin.withCapacity(1).withState(state), NOTE);
    long before = revision();
    assertThat(admin().move(Move.of("ada", "a").ifVersion(1), MoveMode.CHECKED, NOTE))
        .isEqualTo(ada);
    assertThat(revision()).isEqualTo(before);
    assertThat(admin().find("ada")).contains(ada);
  }

  @Test
  @DisplayName("a move of an old version, or from another bin, is a conflict")
  void conflict() {
    Sharder hubs = hubs("a", "b", "c");
    hubs.assign("ada");
    Assignment now = admin().move(Move.of("ada", "b"), MoveMode.CHECKED, NOTE);
    Move ofOldVersion = Move.of("ada", "c").ifVersion(1);
    Move fromElsewhere = new Move("ada", Optional.of("a"), "c", ANY);
    for (Move move : List.of(ofOldVersion, fromElsewhere)) {
      ConflictException conflict =
          catchThrowableOfType(
              ConflictException.class, () -> admin().move(move, MoveMode.FORCED, NOTE));
      assertThat(conflict).hasMessageContaining("it is in 'b' with version 2");
      assertThat(conflict.actual()).contains(now);
    }
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 0L, "b", 1L, "c", 0L));
    assertThat(admin().find("ada")).contains(now);
  }

  @Test
  @DisplayName("moving an unknown object, or to an unknown bin, is an error that says so")
  void unknown() {
    hubs("a").assign("ada");
    assertThatThrownBy(() -> admin().move(Move.of("bob", "a"), MoveMode.FORCED, NOTE))
        .isInstanceOf(NotFoundException.class)
        .hasMessageContaining("object 'bob' of kind 'hub' has no assignment");
    assertThatThrownBy(() -> admin().move(Move.of("ada", "z"), MoveMode.FORCED, NOTE))
        .isInstanceOf(NotFoundException.class)
        .hasMessageContaining("bin 'z' of kind 'hub' is unknown");
  }

  @ParameterizedTest
  @MethodSource("binsThatRefuse")
  @DisplayName(
      "a move into a full or closed bin is refused unless forced, and into a retired bin always")
  void refused(Bin bin) {
    Sharder hubs = hubs("a");
    admin().addBin(bin, NOTE);
    hubs.assign("ada");
    String refusal = new BinLoad(bin, 0).refusal().orElseThrow();
    assertThatThrownBy(() -> admin().move(Move.of("ada", "b"), MoveMode.CHECKED, NOTE))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("object 'ada' of kind 'hub' stays in 'a': bin 'b' " + refusal);
    if (bin.state() == BinState.RETIRED) {
      assertThatThrownBy(() -> admin().move(Move.of("ada", "b"), MoveMode.FORCED, NOTE))
          .isInstanceOf(RefusedException.class)
          .hasMessageContaining("open it first");
      assertThat(loads(hubs)).isEqualTo(Map.of("a", 1L, "b", 0L));
    } else {
      assertThat(admin().move(Move.of("ada", "b"), MoveMode.FORCED, NOTE).bin()).isEqualTo("b");
      assertThat(loads(hubs)).isEqualTo(Map.of("a", 0L, "b", 1L));
    }
  }

  @Test
  @DisplayName("what a move would do is answered as the move would be, and nothing is written")
  void movable() {
    Assignment ada = hubs("a", "b", "retired").assign("ada").assignment();
    admin().changeBin("b", bin -> bin.withCapacity(0), NOTE);
    admin().changeBin("retired", bin -> bin.withState(BinState.RETIRED), NOTE);
    long before = revision();
    assertThat(admin().movable(Move.of("ada", "b").ifVersion(1), MoveMode.FORCED))
        .containsExactly(ada);
    assertThat(admin().movable(Move.of("ada", "a"), MoveMode.CHECKED)).isEmpty();
    for (Move move :
        List.of(
            Move.of("bob", "b"),
            Move.of("ada", "z"),
            Move.of("ada", "b"),
            Move.of("ada", "retired"),
            Move.of("ada", "b").ifVersion(2),
            new Move("ada", Optional.of("b"), "a", ANY))) {
      Throwable refusal = catchThrowable(() -> admin().move(move, MoveMode.CHECKED, NOTE));
      assertThat(refusal).as("%s", move).isInstanceOf(SharderException.class);
      assertThatThrownBy(() -> admin().movable(move, MoveMode.CHECKED))
          .as("%s", move)
          .isExactlyInstanceOf(refusal.getClass())
          .hasMessage(refusal.getMessage());
    }
    assertThatThrownBy(() -> admin().movable(Move.of("ada", "retired"), MoveMode.FORCED))
        .isInstanceOf(RefusedException.class);
    assertThat(revision()).isEqualTo(before);
    assertThat(admin().find("ada")).contains(ada);
  }

  @Test
  @DisplayName("a removed object is gone, and can be assigned again")
  void removed() {
    Sharder hubs = hubs("a", "b");
    hubs.assign("bob");
    Assignment ada = hubs.assign("ada").assignment();
    assertThatThrownBy(() -> admin().remove("ada", OptionalLong.of(2), NOTE))
        .isInstanceOf(ConflictException.class);
    assertThat(admin().remove("ada", OptionalLong.of(1), NOTE)).isEqualTo(ada);
    assertThat(admin().find("ada")).isEmpty();
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 1L, "b", 0L));
    assertThatThrownBy(() -> admin().remove("ada", ANY, NOTE))
        .isInstanceOf(NotFoundException.class)
        .hasMessageContaining("object 'ada' of kind 'hub' has no assignment");
    Placement anew = hubs.assign("ada");
    assertThat(anew.isNew()).isTrue();
    assertThat(anew.assignment().version()).isEqualTo(1);
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 1L, "b", 1L));
  }

  static Stream<Bin> binsThatRefuse() {
    return Stream.of(
        Bin.of("b").withCapacity(1).withOffset(1),
        Bin.of("b").withState(BinState.CORDONED),
        Bin.of("b").withState(BinState.DRAINING),
        Bin.of("b").withState(BinState.RETIRED));
  }
}
