package dev.sharder.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.sharder.Assignment;
import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinState;
import dev.sharder.ConflictException;
import dev.sharder.InvalidValueException;
import dev.sharder.RefusedException;
import dev.sharder.Sharder;
import dev.sharder.admin.AdoptMode;
import dev.sharder.admin.Adoption;
import dev.sharder.admin.Change;
import dev.sharder.store.Placements;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Assignments that were made elsewhere and are taken over. */
abstract class AdoptionPromises extends StorePromises {

  @Test
  @DisplayName("adopted assignments are kept as given, even in full, closed and unknown bins")
  void adopted() {
    admin().addBin(Bin.of("a").withCapacity(1), NOTE);
    admin().addBin(Bin.of("b").withState(BinState.DRAINING), NOTE);
    List<Adoption> adoptions =
        List.of(
            adoption("ada", "a"),
            adoption("bob", "a"),
            adoption("cyd", "b"),
            new Adoption(request("dan").withSize(7).withGroup("team"), "new"),
            new Adoption(request("eve").withGroup("team"), "new"));
    Placements first = admin().adopt(adoptions, AdoptMode.ALL_OR_NOTHING, NOTE);
    assertThat(first.refused()).isEmpty();
    assertThat(first.placed()).hasSize(5).allSatisfy((o, one) -> assertThat(one.isNew()).isTrue());
    assertThat(admin().bins())
        .containsExactly(
            new BinLoad(Bin.of("a").withCapacity(1), 2),
            new BinLoad(Bin.of("b").withState(BinState.DRAINING), 1),
            new BinLoad(Bin.of("new").withState(BinState.CORDONED), 8));
    assertThat(all(admin().changes(0)))
        .extracting(Change::what, change -> change.from().orElseThrow())
        .contains(tuple(Change.What.BIN_ADDED, "new"))
        .hasSize(3);
    Assignment dan = admin().find("dan").orElseThrow();
    assertThat(dan)
        .isEqualTo(
            new Assignment("hub", "dan", "new", 1, dan.assignedAt(), 7, Optional.of("team")));

    long revision = revision();
    Placements again = admin().adopt(adoptions, AdoptMode.ALL_OR_NOTHING, NOTE);
    assertThat(again.refused()).isEmpty();
    assertThat(again.placed().keySet()).isEqualTo(first.placed().keySet());
    assertThat(again.placed().values()).allSatisfy(one -> assertThat(one.isNew()).isFalse());
    assertThat(revision()).isEqualTo(revision);
    assertThat(admin().bins()).extracting(BinLoad::assigned).containsExactly(2L, 1L, 8L);
  }

  @Test
  @DisplayName(
      "what cannot be adopted is reported, and the rest is adopted unless it is all or nothing")
  void refused() {
    Sharder hubs = hubs("a", "b");
    hubs.assign(request("ada").withGroup("team"));
    admin().addBin(Bin.of("old").withState(BinState.RETIRED), NOTE);
    List<Adoption> adoptions =
        List.of(
            adoption("ada", "b"),
            new Adoption(request("bob").withGroup("team"), "b"),
            adoption("cyd", "old"),
            adoption("dan", "new"),
            new Adoption(request("eli").withGroup("fresh"), "a"),
            new Adoption(request("fay").withGroup("fresh"), "b"),
            adoption("dan", "b"));
    long revision = revision();
    Placements none = admin().adopt(adoptions, AdoptMode.ALL_OR_NOTHING, NOTE);
    assertThat(none.placed()).isEmpty();
    assertThat(none.refused()).containsOnlyKeys("ada", "bob", "cyd", "dan", "fay");
    assertThat(revision()).isEqualTo(revision);
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 1L, "b", 0L, "old", 0L));

    Placements some = admin().adopt(adoptions, AdoptMode.EACH, NOTE);
    assertThat(some.placed()).containsOnlyKeys("dan", "eli");
    assertThat(some.placed().get("dan").bin()).isEqualTo("new");
    assertThat(some.refused().get("ada"))
        .isInstanceOf(ConflictException.class)
        .hasMessageContaining("it is in 'a' with version 1");
    assertThat(some.refused().get("bob"))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("its group 'team' is in 'a'");
    assertThat(some.refused().get("cyd"))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("that bin is retired");
    assertThat(some.refused().get("dan")).isInstanceOf(ConflictException.class);
    assertThat(some.refused().get("fay"))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("its group 'fresh' is in 'a'");
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 2L, "b", 0L, "new", 1L, "old", 0L));
  }

  @Test
  @DisplayName("objects of another kind are refused")
  void otherKind() {
    hubs("a");
    AssignmentRequest home = AssignmentRequest.of("homedir", "ada");
    assertThatThrownBy(() -> admin().adopt(List.of(new Adoption(home, "a")), AdoptMode.EACH, NOTE))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("'homedir'");
    assertThatThrownBy(() -> admin().explain(home)).isInstanceOf(InvalidValueException.class);
  }
}
