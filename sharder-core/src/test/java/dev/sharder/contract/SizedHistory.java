package dev.sharder.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinPolicy;
import dev.sharder.BinState;
import dev.sharder.admin.Move;
import dev.sharder.admin.MoveMode;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.store.AssignmentStore;
import dev.sharder.store.Deadline;
import dev.sharder.store.Placements;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;

/**
 * One seeded history of objects of many sizes that come, in groups or alone, are moved and removed,
 * played on a store and on a model: plain Java with exact fractions, one object at a time.
 */
final class SizedHistory {

  private static final Note NOTE = new Note("eve", "");

  private record Held(String bin, long size, Optional<String> group) {}

  private final AssignmentStore store;
  private final String kind;
  private final Random random;
  private final ShardAdmin admin;
  private final TreeMap<String, BinLoad> bins = new TreeMap<>();
  private final TreeMap<String, Held> held = new TreeMap<>();
  private int created;

  SizedHistory(AssignmentStore store, int seed) {
    this.store = store;
    this.kind = "sized history " + seed;
    this.random = new Random(seed);
    this.admin = ShardAdmin.builder(kind, store).build();
  }

  void play() {
    addBins();
    for (int step = 0; step < 12; step++) {
      switch (held.isEmpty() ? 2 : random.nextInt(6)) {
        case 0 -> remove(anyObject());
        case 1 -> move(anyObject(), "bin-" + random.nextInt(bins.size()));
        default -> place();
      }
      assertThat(admin.bins()).as(kind).containsExactlyElementsOf(bins.values());
    }
    assertThat(admin.verify(10)).as(kind).isEmpty();
  }

  private void addBins() {
    int[] weights = {1, 1, 2, 3, 7, 1_000_000};
    int count = 1 + random.nextInt(6);
    for (int i = 0; i < count; i++) {
      Bin bin =
          new Bin(
              "bin-" + i,
              weights[random.nextInt(weights.length)],
              random.nextInt(3) == 0 ? random.nextInt(50) : 0,
              random.nextBoolean() ? OptionalLong.of(random.nextInt(300)) : OptionalLong.empty(),
              random.nextInt(8) == 0 ? BinState.CORDONED : BinState.OPEN,
              Map.of());
      bins.put(bin.name(), admin.addBin(bin, NOTE));
    }
  }

  private String anyObject() {
    return new ArrayList<>(held.keySet()).get(random.nextInt(held.size()));
  }

  private void remove(String object) {
    admin.remove(object, OptionalLong.empty(), NOTE);
    count(held.remove(object), -1);
  }

  private void move(String object, String to) {
    admin.move(Move.of(object, to), MoveMode.FORCED, NOTE);
    Held moved = held.get(object);
    held.replaceAll(
        (name, one) -> {
          boolean goes =
              name.equals(object) || (one.group().isPresent() && one.group().equals(moved.group()));
          if (!goes) {
            return one;
          }
          Held there = new Held(to, one.size(), one.group());
          count(one, -1);
          count(there, 1);
          return there;
        });
  }

  private void count(Held one, int sign) {
    bins.computeIfPresent(one.bin(), (name, bin) -> bin.plus(sign * one.size()));
  }

  private void place() {
    List<AssignmentRequest> requests = new ArrayList<>();
    for (int i = random.nextInt(8); i >= 0; i--) {
      AssignmentRequest request = AssignmentRequest.of(kind, "user-" + created++);
      request = random.nextInt(3) == 0 ? request : request.withSize(1 + random.nextInt(40));
      requests.add(
          random.nextInt(3) == 0 ? request.withGroup("group-" + random.nextInt(4)) : request);
    }
    if (!held.isEmpty()) {
      requests.add(AssignmentRequest.of(kind, anyObject()));
    }
    Optional<String> explained = admin.explain(requests.get(0)).wouldGet();
    Map<String, String> expected = new HashMap<>();
    for (AssignmentRequest request : requests) {
      placeInModel(request).ifPresent(bin -> expected.put(request.object(), bin));
    }
    assertThat(explained)
        .as(kind)
        .isEqualTo(Optional.ofNullable(expected.get(requests.get(0).object())));
    Placements placements =
        store.place(kind, requests, BinPolicy.emptiest(), Deadline.in(Duration.ofSeconds(30)));
    Map<String, String> placed = new HashMap<>();
    placements.placed().forEach((object, placement) -> placed.put(object, placement.bin()));
    assertThat(placed).as(kind).isEqualTo(expected);
    assertThat(placements.refused()).as(kind).hasSize(requests.size() - expected.size());
  }

  private Optional<String> placeInModel(AssignmentRequest request) {
    Held known = held.get(request.object());
    if (known != null) {
      return Optional.of(known.bin());
    }
    Optional<String> home =
        held.values().stream()
            .filter(one -> one.group().isPresent() && one.group().equals(request.group()))
            .map(Held::bin)
            .findFirst();
    Optional<BinLoad> choice =
        bins.values().stream()
            .filter(bin -> bin.bin().state() == BinState.OPEN)
            .filter(
                bin -> bin.load() + request.size() <= bin.bin().capacity().orElse(Long.MAX_VALUE))
            .filter(bin -> home.isEmpty() || home.get().equals(bin.name()))
            .min((one, other) -> share(one, request, other).compareTo(share(other, request, one)));
    choice.ifPresent(
        bin -> {
          Held made = new Held(bin.name(), request.size(), request.group());
          held.put(request.object(), made);
          count(made, 1);
        });
    return choice.map(BinLoad::name);
  }

  /** a/b compares to c/d as a·d to c·b, without rounding. */
  private static BigInteger share(BinLoad bin, AssignmentRequest request, BinLoad other) {
    return BigInteger.valueOf(bin.load() + request.size())
        .multiply(BigInteger.valueOf(other.bin().weight()));
  }
}
