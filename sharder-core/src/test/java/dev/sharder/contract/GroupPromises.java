package dev.sharder.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sharder.Assignment;
import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.BinPolicy;
import dev.sharder.BinState;
import dev.sharder.NoOpenBinException;
import dev.sharder.RefusedException;
import dev.sharder.Sharder;
import dev.sharder.admin.Change;
import dev.sharder.admin.Move;
import dev.sharder.admin.MoveMode;
import dev.sharder.store.Deadline;
import dev.sharder.store.Placements;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Objects that share a bin, and objects that are larger than 1. */
abstract class GroupPromises extends StorePromises {

  @Test
  @DisplayName("the members of a group share a bin under every policy")
  void together() {
    hubs("a", "b", "c", "d");
    Set<String> bins = new HashSet<>();
    for (int i = 0; i < 12; i++) {
      BinPolicy policy = i % 2 == 0 ? BinPolicy.roundRobin() : BinPolicy.emptiest();
      Sharder sharder = Sharder.builder("hub", store).policy(policy).cache(0).build();
      bins.add(sharder.assign(request("member" + i).withGroup("team")).bin());
      sharder.assign("alone" + i);
    }
    Placements together =
        store.place(
            "hub",
            List.of(
                request("x").withGroup("new"),
                request("y"),
                request("z").withGroup("new"),
                request("last").withGroup("team")),
            BinPolicy.roundRobin(),
            Deadline.in(LIMIT));
    bins.add(together.placed().get("last").bin());
    assertThat(bins).hasSize(1);
    assertThat(together.placed().get("z").bin()).isEqualTo(together.placed().get("x").bin());
    assertThat(together.placed().get("x").assignment().group()).contains("new");
  }

  @Test
  @DisplayName("a new member is refused if the bin of its group is closed or full")
  void refused() {
    Sharder hubs = hubs("a", "b");
    hubs.assign(request("ada").withGroup("team"));
    admin().changeBin("a", bin -> bin.withState(BinState.CORDONED), NOTE);
    assertThatThrownBy(() -> hubs.assign(request("bob").withGroup("team")))
        .isInstanceOf(NoOpenBinException.class)
        .hasMessage(
            "kind 'hub' has no open bin for 'bob': a is cordoned, b is not 'a', which holds the"
                + " group 'team'; open one or add a bin");
    admin().changeBin("a", bin -> bin.withState(BinState.OPEN).withCapacity(3), NOTE);
    assertThatThrownBy(() -> hubs.assign(request("bob").withGroup("team").withSize(3)))
        .isInstanceOf(NoOpenBinException.class)
        .hasMessageContaining("a has no room for 3 (1 of 3)");
    assertThat(hubs.assign(request("bob").withGroup("team").withSize(2)).bin()).isEqualTo("a");
    assertThatThrownBy(() -> hubs.assign(request("cyd").withGroup("team")))
        .hasMessageContaining("a is full (3 of 3)");
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 3L, "b", 0L));
  }

  @Test
  @DisplayName("a move takes the whole group, and needs room for all of it")
  void moved() {
    Sharder hubs = hubs("a", "b");
    List<String> team = List.of("ada", "bob", "cyd");
    for (String member : team) {
      hubs.assign(request(member).withGroup("team").withSize(2));
    }
    hubs.assign(request("dan").withGroup("another"));
    admin().changeBin("b", bin -> bin.withCapacity(6), NOTE);
    assertThatThrownBy(() -> admin().move(Move.of("bob", "b"), MoveMode.CHECKED, NOTE))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("bin 'b' has no room for 6 (1 of 6)");
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 6L, "b", 1L));
    admin().changeBin("b", bin -> bin.withCapacity(7), NOTE);
    assertThat(admin().movable(Move.of("bob", "b"), MoveMode.CHECKED))
        .extracting(Assignment::object)
        .containsExactlyElementsOf(team);
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 6L, "b", 1L));
    Assignment bob = admin().move(Move.of("bob", "b"), MoveMode.CHECKED, NOTE);
    assertThat(bob)
        .isEqualTo(new Assignment("hub", "bob", "b", 2, bob.assignedAt(), 2, Optional.of("team")));
    for (String member : team) {
      Assignment now = admin().find(member).orElseThrow();
      assertThat(List.of(now.bin(), now.version(), now.size())).containsExactly("b", 2L, 2L);
      assertThat(admin().history(member)).extracting(Change::what).endsWith(Change.What.MOVED);
    }
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 0L, "b", 7L));
    long revision = revision();
    admin().move(Move.of("ada", "a"), MoveMode.CHECKED, NOTE);
    assertThat(store.changedSince("hub", revision, Deadline.in(LIMIT)).objects().orElseThrow())
        .containsExactlyInAnyOrderElementsOf(team);
  }

  @Test
  @DisplayName("a group stays in its bin until its last member is removed")
  void removed() {
    Sharder hubs = hubs("a", "b");
    assertThat(hubs.assign(request("ada").withGroup("team")).bin()).isEqualTo("a");
    hubs.assign(request("bob").withGroup("team"));
    admin().remove("ada", ANY, NOTE);
    assertThat(hubs.assign(request("cyd").withGroup("team")).bin()).isEqualTo("a");
    admin().remove("bob", ANY, NOTE);
    admin().remove("cyd", ANY, NOTE);
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 0L, "b", 0L));
    hubs.assign("dan");
    assertThat(hubs.assign(request("eli").withGroup("team")).bin()).isEqualTo("b");
  }

  @Test
  @DisplayName("a bin counts the sum of sizes, and its capacity limits that sum")
  void sizes() {
    Sharder hubs = hubs("a");
    admin().changeBin("a", bin -> bin.withCapacity(10).withOffset(1), NOTE);
    Assignment ada = hubs.assign(request("ada").withSize(6)).assignment();
    assertThat(ada.size()).isEqualTo(6);
    assertThat(admin().find("ada").orElseThrow().size()).isEqualTo(6);
    assertThatThrownBy(() -> hubs.assign(request("bob").withSize(4)))
        .isInstanceOf(NoOpenBinException.class)
        .hasMessageContaining("a has no room for 4 (7 of 10)");
    hubs.assign(request("cyd").withSize(3));
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 9L));
    assertThatThrownBy(() -> hubs.assign("dan")).hasMessageContaining("a is full (10 of 10)");
    admin().addBin(Bin.of("b"), NOTE);
    admin().move(Move.of("ada", "b"), MoveMode.CHECKED, NOTE);
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 3L, "b", 6L));
    assertThat(admin().remove("ada", ANY, NOTE).size()).isEqualTo(6);
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 3L, "b", 0L));
    hubs.assign(request("giant").withSize(AssignmentRequest.MAX_SIZE));
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 3L, "b", 1_000_000_000L));
  }
}
