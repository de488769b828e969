package dev.sharder.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import dev.sharder.Assignment;
import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinPolicy;
import dev.sharder.BinState;
import dev.sharder.InvalidValueException;
import dev.sharder.Placement;
import dev.sharder.PolicyException;
import dev.sharder.Sharder;
import dev.sharder.TimeLimitException;
import dev.sharder.admin.Explanation;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.store.Deadline;
import dev.sharder.store.Placements;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a store promises a policy, and how choices are explained. */
abstract class PolicyPromises extends StorePromises {

  @Test
  @DisplayName(
      "a policy that fails, or chooses a bin it was not offered, refuses only the object it chose for")
  void broken() {
    Sharder hubs = hubs("a", "b");
    BinPolicy broken =
        (request, open) ->
            switch (request.object()) {
              case "throws" -> throw new IllegalStateException("out of order");
              case "misleads" -> throw new InvalidValueException("not the caller's fault");
              case "breaks" -> throw new AssertionError("broken");
              // As Kotlin and Scala can throw, which know no checked exceptions.
              case "is checked" ->
                  throw StorePromises.<RuntimeException>sneaky(new IOException("not declared"));
              case "invents" -> new BinLoad(Bin.of("z"), 0);
              default -> open.get(1);
            };
    Placements placements =
        place(List.of("throws", "misleads", "breaks", "is checked", "fine", "invents"), broken);
    assertThat(placements.placed().get("fine").bin()).isEqualTo("b");
    assertThat(placements.refused().values())
        .hasSize(5)
        .hasOnlyElementsOfType(PolicyException.class);
    assertThat(placements.refused().get("throws"))
        .isInstanceOf(PolicyException.class)
        .hasMessageContaining("'throws'")
        .hasMessageContaining("out of order");
    assertThat(placements.refused().get("invents"))
        .isInstanceOf(PolicyException.class)
        .hasMessageContaining("which it was not offered");
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 0L, "b", 1L));
  }

  @Test
  @DisplayName("a policy that is too slow for many objects places some of them")
  void slow() {
    hubs("a", "b");
    Duration limit = Duration.ofSeconds(2);
    BinPolicy slow =
        (request, open) -> {
          LockSupport.parkNanos(limit.dividedBy(8).toNanos());
          return open.get(0);
        };
    List<AssignmentRequest> requests =
        IntStream.range(0, 12).mapToObj(i -> request("user" + i)).toList();
    Placements some = store.place("hub", requests, slow, Deadline.in(limit));
    assertThat(some.placed()).isNotEmpty();
    assertThat(some.refused())
        .isNotEmpty()
        .allSatisfy(
            (object, late) ->
                assertThat(late)
                    .isInstanceOf(TimeLimitException.class)
                    .hasMessageContaining("'%s'".formatted(object))
                    .hasMessageContaining("make the policy faster"));
    List<String> objects = requests.stream().map(AssignmentRequest::object).toList();
    assertThat(store.find("hub", objects, Deadline.in(LIMIT)))
        .containsOnlyKeys(some.placed().keySet());
  }

  @Test
  @DisplayName("a policy sees every open bin with its load at the moment of the choice")
  void offered() {
    List<Bin> bins =
        List.of(Bin.of("a").withWeight(3), Bin.of("b").withCapacity(1), Bin.of("c").withOffset(5));
    List<List<BinLoad>> seen = new ArrayList<>();
    BinPolicy spy =
        (request, open) -> {
          seen.add(open);
          return open.get(open.size() - 1);
        };
    Sharder.builder("hub", store).bins(bins).build();
    place(List.of("one", "two"), spy);
    assertThat(seen)
        .containsExactly(
            List.of(load(bins, 0, 0), load(bins, 1, 0), load(bins, 2, 0)),
            List.of(load(bins, 0, 0), load(bins, 1, 0), load(bins, 2, 1)));
  }

  @ParameterizedTest
  @MethodSource("everyPolicy")
  @DisplayName("every policy works on this store, and its choices are kept")
  void kept(BinPolicy policy) {
    List<Bin> bins =
        Stream.of("a", "b", "c")
            .map(name -> Bin.of(name).withCapacity(40).withLabels(Map.of("gpu", "yes")))
            .toList();
    Sharder hubs = Sharder.builder("hub", store).bins(bins).policy(policy).build();
    List<Placement> made = assignMany(hubs, "user", 60);
    Sharder others = Sharder.builder("hub", store).policy(BinPolicy.random()).build();
    assertThat(assignMany(others, "user", 60))
        .isEqualTo(made.stream().map(placement -> found(placement)).toList());
    assertThat(loads(hubs)).isEqualTo(count(made, bins));
  }

  @Test
  @DisplayName("explaining a known object says where it is")
  void explainsKnown() {
    Assignment ada = hubs("a", "b").assign("ada").assignment();
    assertThat(admin().explain(request("ada")))
        .isEqualTo(new Explanation(request("ada"), Optional.of(ada), Optional.empty(), Map.of()));
  }

  @Test
  @DisplayName("explaining a new object says which bin it would get, and why no other")
  void explainsNew() {
    admin().addBin(Bin.of("a").withCapacity(5).withOffset(5), NOTE);
    admin().addBin(Bin.of("b").withState(BinState.CORDONED), NOTE);
    admin().addBin(Bin.of("c").withOffset(2), NOTE);
    admin().addBin(Bin.of("d").withOffset(1), NOTE);
    admin().addBin(Bin.of("e").withOffset(1), NOTE);
    admin().addBin(Bin.of("f").withOffset(6).withWeight(3), NOTE);
    admin().addBin(Bin.of("g").withOffset(2).withCapacity(4), NOTE);
    long before = revision();
    Explanation plain = admin().explain(request("ada"));
    assertThat(plain.assignment()).isEmpty();
    assertThat(plain.wouldGet()).contains("d");
    assertThat(plain.others())
        .containsExactly(
            entry("a", "is full (5 of 5)"),
            entry("b", "is cordoned"),
            entry("c", "would then hold 3 for each unit of weight, and 'd' 2"),
            entry("e", "would then hold as much as 'd', and comes after it by name"),
            entry("f", "would then hold 2.333 for each unit of weight, and 'd' 2"),
            entry("g", "would then hold 3 for each unit of weight, and 'd' 2"));
    Explanation large = admin().explain(request("ada").withSize(3));
    assertThat(large.wouldGet()).contains("f");
    assertThat(large.others())
        .containsEntry("a", "is full (5 of 5)")
        .containsEntry("d", "would then hold 4 for each unit of weight, and 'f' 3")
        .containsEntry("g", "has no room for 3 (2 of 4)");
    assertThat(admin().find("ada")).isEmpty();
    assertThat(revision()).isEqualTo(before);
    assertThat(Sharder.builder("hub", store).build().assign("ada").bin()).isEqualTo("d");
  }

  @Test
  @DisplayName("shares that differ are explained by numbers that differ")
  void explainsCloseShares() {
    admin().addBin(Bin.of("a").withWeight(1_000_000).withOffset(3), NOTE);
    admin().addBin(Bin.of("b").withWeight(999_999).withOffset(3), NOTE);
    assertThat(admin().explain(request("ada")).others().get("b"))
        .isEqualTo("would then hold 0.000004000004 for each unit of weight, and 'a' 0.000004");
  }

  @Test
  @DisplayName("explaining an object that no bin would take says why")
  void explainsRefusal() {
    assertThat(admin().explain(request("ada")))
        .isEqualTo(new Explanation(request("ada"), Optional.empty(), Optional.empty(), Map.of()));
    admin().addBin(Bin.of("a").withState(BinState.RETIRED), NOTE);
    admin().addBin(Bin.of("b").withCapacity(0), NOTE);
    Explanation explanation = admin().explain(request("ada"));
    assertThat(explanation.wouldGet()).isEmpty();
    assertThat(explanation.others())
        .containsExactly(entry("a", "is retired"), entry("b", "is full (0 of 0)"));
  }

  @Test
  @DisplayName("an explanation follows the group of the object, and the policy")
  void explainsGroupAndPolicy() {
    Sharder hubs = hubs("a", "b", "c");
    hubs.assign(request("ada").withGroup("team"));
    Explanation member = admin().explain(request("bob").withGroup("team"));
    assertThat(member.wouldGet()).contains("a");
    assertThat(member.others())
        .containsExactly(
            entry("b", "is not 'a', which holds the group 'team'"),
            entry("c", "is not 'a', which holds the group 'team'"));

    BinPolicy pinned = BinPolicy.pinned(Map.of("cyd", "c"), Map.of(), BinPolicy.emptiest());
    assertThat(explain("cyd", pinned).others())
        .containsExactly(
            entry("a", "is not 'c', to which it is pinned"),
            entry("b", "is not 'c', to which it is pinned"));
    assertThat(explain("dan", pinned).others())
        .containsExactly(
            entry("a", "would then hold 2 for each unit of weight, and 'b' 1"),
            entry("c", "would then hold as much as 'b', and comes after it by name"));

    assign(hubs, "user", 8);
    admin().changeBin("c", bin -> bin.withWeight(100), NOTE);
    BinPolicy ramped = BinPolicy.ramped(0.01, BinPolicy.emptiest());
    assertThat(explain("eve", ramped).wouldGet()).contains("a");
    assertThat(explain("eve", ramped).others().get("c"))
        .isEqualTo(
            "is far emptier than the others, and takes at most 0.01 of the new objects until"
                + " it is level");
    assertThatThrownBy(() -> explain("eve", (request, open) -> open.get(9)))
        .isInstanceOf(PolicyException.class)
        .hasMessageContaining("failed to choose a bin for 'eve'");
  }

  static Stream<BinPolicy> everyPolicy() {
    BinPolicy lastByName = (request, open) -> open.get(open.size() - 1);
    return Stream.of(
        BinPolicy.emptiest(),
        BinPolicy.mostAllocated(),
        BinPolicy.powerOfTwoChoices(),
        BinPolicy.random(),
        BinPolicy.roundRobin(),
        BinPolicy.rendezvousHashing(),
        BinPolicy.pinned(Map.of("user7", "b"), Map.of("user1", "c"), BinPolicy.emptiest()),
        BinPolicy.labelled(Map.of("gpu", "yes"), BinPolicy.roundRobin()),
        lastByName);
  }

  private static Placement found(Placement placement) {
    return new Placement(placement.assignment(), false);
  }

  private static BinLoad load(List<Bin> bins, int index, long assigned) {
    return new BinLoad(bins.get(index), assigned);
  }

  private static Map<String, Long> count(List<Placement> placements, List<Bin> bins) {
    Map<String, Long> counts = new TreeMap<>();
    bins.forEach(bin -> counts.put(bin.name(), 0L));
    placements.forEach(placement -> counts.merge(placement.bin(), 1L, Long::sum));
    return counts;
  }

  private Explanation explain(String object, BinPolicy policy) {
    return ShardAdmin.builder("hub", store).policy(policy).build().explain(request(object));
  }
}
