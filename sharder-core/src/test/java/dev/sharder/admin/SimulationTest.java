package dev.sharder.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.sharder.Assignment;
import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinPolicy;
import dev.sharder.InvalidValueException;
import dev.sharder.PolicyException;
import dev.sharder.RefusedException;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SimulationTest {

  private static Simulation of(BinPolicy policy, int bins) {
    return Simulation.of(
        "hub", policy, IntStream.rangeClosed(1, bins).mapToObj(i -> Bin.of("hub-" + i)).toList());
  }

  private static Iterator<AssignmentRequest> users(int from, int to) {
    return IntStream.range(from, to)
        .mapToObj(i -> AssignmentRequest.of("hub", "user-" + i))
        .iterator();
  }

  private static List<Long> loads(Simulation simulation) {
    return simulation.bins().stream().map(BinLoad::assigned).toList();
  }

  @Test
  @DisplayName("a new bin takes every new object until it is level, unless it is ramped")
  void ramp() {
    Simulation emptiest = of(BinPolicy.emptiest(), 3);
    Simulation ramped = of(BinPolicy.ramped(0.5, BinPolicy.emptiest()), 3);
    for (Simulation one : List.of(emptiest, ramped)) {
      one.assign(users(0, 3_000));
      one.addBin(Bin.of("hub-4"));
    }
    assertThat(emptiest.assign(users(3_000, 3_400))).isEqualTo(Map.of("hub-4", 400L));
    assertThat(ramped.assign(users(3_000, 3_400))).containsEntry("hub-4", 200L);
  }

  @Test
  @DisplayName("an object that has a bin stays there, and counts once")
  void repeated() {
    Simulation simulation = of(BinPolicy.emptiest(), 2);
    simulation.assign(users(0, 5_000));
    assertThat(simulation.assign(users(0, 5_001))).isEqualTo(Map.of("hub-1", 1L));
    assertThat(loads(simulation)).containsExactly(2_501L, 2_500L);
    assertThat(simulation.find("user-1")).map(Assignment::bin).contains("hub-2");
    assertThat(simulation.find("unknown")).isEmpty();
  }

  @Test
  @DisplayName("a drained bin is empty, and a rebalance is planned and made")
  void moves() {
    Simulation simulation = of(BinPolicy.emptiest(), 3);
    simulation.assign(users(0, 300));
    assertThat(simulation.drain("hub-2")).isEqualTo(100);
    assertThat(loads(simulation)).containsExactly(150L, 0L, 150L);
    simulation.addBin(Bin.of("hub-4"));
    assertThat(simulation.balance().spread()).isEqualTo(150);
    assertThat(simulation.planRebalance().moves()).isEqualTo(100);
    assertThat(simulation.rebalance()).isEqualTo(100);
    assertThat(loads(simulation)).containsExactly(100L, 0L, 100L, 100L);
    assertThat(simulation.balance().spread()).isZero();
  }

  @Test
  @DisplayName("what no bin can take is counted, with the error of its caller")
  void full() {
    Simulation simulation =
        Simulation.of("hub", BinPolicy.emptiest(), List.of(Bin.of("hub-1").withCapacity(3)));
    simulation.assign(users(0, 10));
    assertThat(simulation.refused()).isEqualTo(7);
    assertThat(simulation.firstRefusal().orElseThrow())
        .hasMessageContaining("user-3")
        .hasMessageContaining("hub-1 is full (3 of 3)");
  }

  @Test
  @DisplayName("an object that was refused is asked for again, and fits if it is smaller then")
  void refusedFirst() {
    Simulation simulation =
        Simulation.of("hub", BinPolicy.emptiest(), List.of(Bin.of("hub-1").withCapacity(3)));
    AssignmentRequest ada = AssignmentRequest.of("hub", "ada");
    assertThat(simulation.assign(List.of(ada.withSize(10), ada, ada).iterator()))
        .isEqualTo(Map.of("hub-1", 1L));
    assertThat(simulation.refused()).isEqualTo(1);
    assertThat(loads(simulation)).containsExactly(1L);
  }

  @Test
  @DisplayName("a copy goes on with another policy, and leaves the first as it was")
  void copy() {
    Simulation first = of(BinPolicy.emptiest(), 2);
    first.assign(users(0, 10));
    Simulation other = first.with((request, open) -> open.get(0));
    other.assign(users(5, 20));
    assertThat(loads(other)).containsExactly(15L, 5L);
    assertThat(loads(first)).containsExactly(5L, 5L);
  }

  @Test
  @DisplayName("the same seed gives the same answers, another seed others")
  void seeds() {
    assertThat(drawn(7)).isEqualTo(drawn(7)).isNotEqualTo(drawn(8));
  }

  private static List<Long> drawn(long seed) {
    Simulation simulation = of(BinPolicy.random(new SplittableRandom(seed)), 10);
    simulation.assign(users(0, 1_000));
    return loads(simulation);
  }

  @Test
  @DisplayName("a policy that fails is reported, and what was placed stays counted")
  void failing() {
    BinPolicy fails =
        (request, open) -> {
          if (request.object().equals("user-5")) {
            throw new IllegalStateException("no idea");
          }
          return open.get(0);
        };
    Simulation simulation = of(fails, 1);
    assertThatThrownBy(() -> simulation.assign(users(0, 10)))
        .isInstanceOf(PolicyException.class)
        .hasMessageContaining("no idea");
    assertThat(loads(simulation)).containsExactly(9L);
    assertThat(simulation.planRebalance().moves()).isZero();
  }

  @Test
  @DisplayName("groups follow their first object, and move as one")
  void groups() {
    Simulation simulation = of(BinPolicy.emptiest(), 2);
    simulation.assign(
        Stream.of("ada", "bob", "cyd")
            .map(name -> AssignmentRequest.of("hub", name).withGroup("lab"))
            .iterator());
    simulation.assign(List.of(AssignmentRequest.of("hub", "dan").withGroup("lab")).iterator());
    assertThat(loads(simulation)).containsExactly(4L, 0L);
    assertThat(simulation.planRebalance().moves()).isZero();
    assertThat(simulation.drain("hub-1")).isEqualTo(4);
  }

  @Test
  @DisplayName("bins named twice and objects of another kind are refused by name")
  void wrong() {
    List<Bin> twice = List.of(Bin.of("hub-1"), Bin.of("hub-1"));
    assertThatThrownBy(() -> Simulation.of("hub", BinPolicy.emptiest(), twice))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("'hub-1'");
    Simulation simulation = of(BinPolicy.emptiest(), 1);
    assertThatThrownBy(
            () -> simulation.assign(List.of(AssignmentRequest.of("home", "ada")).iterator()))
        .hasMessageContaining("'home'");
    assertThatThrownBy(() -> simulation.addBin(Bin.of("hub-1")))
        .isInstanceOf(RefusedException.class);
  }

  @Test
  @DisplayName("a balance compares loads per weight")
  void balance() {
    LoadBalance balance =
        LoadBalance.of(
            List.of(new BinLoad(Bin.of("a").withWeight(2), 60), new BinLoad(Bin.of("b"), 15)));
    assertThat(balance).isEqualTo(new LoadBalance(30, 15, 25, 30));
    assertThat(balance.spread()).isEqualTo(15);
    assertThat(balance.p99OverMean()).isEqualTo(1.2, within(1e-9));
    assertThat(LoadBalance.of(List.of()).p99OverMean()).isEqualTo(1);
  }
}
