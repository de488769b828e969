package dev.sharder.contract;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinState;
import dev.sharder.ConflictException;
import dev.sharder.NotFoundException;
import dev.sharder.RefusedException;
import dev.sharder.StoreException;
import dev.sharder.admin.AdoptMode;
import dev.sharder.admin.Adoption;
import dev.sharder.admin.Change;
import dev.sharder.admin.Move;
import dev.sharder.admin.MoveCounts;
import dev.sharder.admin.MoveMode;
import dev.sharder.admin.MoveResult;
import dev.sharder.admin.Plan;
import dev.sharder.admin.PlanOptions;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.store.Listing;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How moves that were planned are applied. */
abstract class ApplyPromises extends StorePromises {

  @Test
  @DisplayName("an object that is named twice moves once and is counted once")
  void duplicates() {
    ShardAdmin admin = ShardAdmin.builder("hub", store).build();
    List.of("a", "b", "c").forEach(bin -> admin.addBin(Bin.of(bin), NOTE));
    List<Adoption> ada = List.of(new Adoption(AssignmentRequest.of("hub", "ada"), "a"));
    assertThat(admin.adopt(ada, AdoptMode.ALL_OR_NOTHING, NOTE).refused()).isEmpty();
    List<Move> twice = List.of(Move.of("ada", "b").ifVersion(1), Move.of("ada", "c").ifVersion(1));
    assertThat(admin.apply(twice.iterator(), NOTE, progress -> {}))
        .isEqualTo(new MoveCounts(1, 0, 0));
    assertThat(admin.find("ada").orElseThrow().bin()).isEqualTo("b");
    assertThat(admin.apply(twice.subList(0, 1).iterator(), NOTE, progress -> {}))
        .isEqualTo(new MoveCounts(0, 1, 0));
    assertThat(admin.apply(twice.subList(1, 2).iterator(), NOTE, progress -> {}))
        .isEqualTo(new MoveCounts(0, 0, 1));
  }

  @Test
  @DisplayName("an object that has changed since the moves were read is skipped and reported")
  void skipped() {
    adopt("a", 0, 12);
    adopt("b", 12, 0);
    adopt("c", 12, 0);
    List<Move> moves = all(admin().moves(admin().planRebalance(PlanOptions.ALL)));
    assertThat(moves).hasSize(8);
    Map<String, List<Move>> to = moves.stream().collect(groupingBy(Move::to));
    String moved = to.get("b").get(0).object();
    String removed = to.get("b").get(1).object();
    String there = to.get("b").get(2).object();
    String late = to.get("b").get(3).object();
    admin().move(Move.of(moved, "c"), MoveMode.CHECKED, NOTE);
    admin().remove(removed, OptionalLong.empty(), NOTE);
    admin().move(Move.of(there, "b"), MoveMode.CHECKED, NOTE);
    admin().changeBin("b", bin -> bin.withCapacity(1), NOTE);

    List<MoveResult> results = new ArrayList<>();
    MoveCounts applied = admin().apply(moves.iterator(), NOTE, results::add);
    assertThat(applied).isEqualTo(new MoveCounts(4, 1, 3));
    assertThat(results).hasSize(1);
    assertThat(results.get(0).unmoved()).containsOnlyKeys(there);
    assertThat(results.get(0).refused()).containsOnlyKeys(moved, removed, late);
    assertThat(results.get(0).refused().get(moved)).isInstanceOf(ConflictException.class);
    assertThat(results.get(0).refused().get(removed)).isInstanceOf(NotFoundException.class);
    assertThat(results.get(0).refused().get(late))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("bin 'b' is full (1 of 1)");
    assertThat(admin().find(moved).orElseThrow().bin()).isEqualTo("c");
    assertThat(admin().find(late).orElseThrow().bin()).isEqualTo("a");
    assertThat(admin().bins()).extracting(BinLoad::assigned).containsExactly(5L, 1L, 5L);
  }

  @Test
  @DisplayName("a result says whether the kind changed between the plan and its moves")
  void revisions() {
    adopt("a", 0, 4);
    adopt("b", 4, 0);
    Plan plan = admin().planRebalance(PlanOptions.ALL);
    List<Move> moves = all(admin().moves(plan));
    List<MoveResult> results = new ArrayList<>();
    admin().apply(moves.subList(0, 1).iterator(), NOTE, results::add);
    assertThat(results.get(0).revisionBefore()).isEqualTo(plan.revision());
    assertThat(results.get(0).revision()).isEqualTo(plan.revision() + 1);
    admin().changeBin("b", bin -> bin.withOffset(1), NOTE);
    admin().apply(moves.subList(1, 2).iterator(), NOTE, results::add);
    assertThat(results.get(1).revisionBefore()).isEqualTo(results.get(0).revision() + 1);
    admin().apply(moves.iterator(), NOTE, results::add);
    assertThat(results.get(2).revision()).isEqualTo(results.get(2).revisionBefore());
  }

  @Test
  @DisplayName("moves that were stopped half-way can be applied again, and no object moves twice")
  void stopped() {
    adopt("a", 0, 2_500);
    adopt("b", 2_500, 0);
    adopt("c", 2_500, 0);
    admin().changeBin("a", bin -> bin.withState(BinState.DRAINING), NOTE);
    long before = all(admin().changes(0)).size();
    List<Move> moves = all(admin().moves(admin().planDrain("a", PlanOptions.ALL)));
    IllegalStateException stop = new IllegalStateException("enough");
    assertThatThrownBy(
            () ->
                admin()
                    .apply(
                        moves.iterator(),
                        NOTE,
                        progress -> {
                          throw stop;
                        }))
        .isSameAs(stop);
    assertThatThrownBy(
            () ->
                admin()
                    .apply(
                        moves.subList(1_000, 2_500).iterator(),
                        NOTE,
                        progress -> Thread.currentThread().interrupt()))
        .isInstanceOf(StoreException.class)
        .hasMessage(
            "interrupted (objects moved: 1000); apply the moves again: moved objects are skipped");
    assertThat(Thread.interrupted()).isTrue();
    assertThat(admin().bins().get(0).assigned()).isEqualTo(500);

    List<Integer> batches = new ArrayList<>();
    MoveCounts again =
        admin().apply(moves.iterator(), NOTE, result -> batches.add(result.moved().size()));
    assertThat(again).isEqualTo(new MoveCounts(500, 2_000, 0));
    assertThat(batches).containsExactly(0, 0, 500);
    assertThat(admin().bins()).extracting(BinLoad::assigned).containsExactly(0L, 1_250L, 1_250L);
    assertThat(all(admin().list(Listing.all(1_000))))
        .hasSize(2_500)
        .allMatch(one -> one.version() == 2);
    List<Change> changes = all(admin().changes(0));
    assertThat(changes).hasSize((int) before + 2_500).extracting(Change::id).isSorted();
    assertThat(changes.stream().collect(groupingBy(Change::what, counting())))
        .containsEntry(Change.What.MOVED, 2_500L);
    assertThat(admin().apply(moves.iterator(), NOTE, result -> {}))
        .isEqualTo(new MoveCounts(0, 2_500, 0));
  }

  /** Takes minutes if a batch of moves, or a page of a list, reads all assignments. */
  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  @DisplayName("moving a few among many is fast")
  void quick() {
    adopt("a", 0, 50_000);
    adopt("b", 50_000, 0);
    PlanOptions some = new PlanOptions(OptionalLong.of(2_000), Set.of(), 0);
    assertThat(admin().apply(admin().moves(admin().planRebalance(some)), NOTE, result -> {}))
        .isEqualTo(new MoveCounts(2_000, 0, 0));
    assertThat(admin().bins()).extracting(BinLoad::assigned).containsExactly(48_000L, 2_000L);
  }
}
