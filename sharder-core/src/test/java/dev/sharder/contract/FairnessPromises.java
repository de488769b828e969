package dev.sharder.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinPolicy;
import dev.sharder.Placement;
import dev.sharder.Sharder;
import dev.sharder.admin.Move;
import dev.sharder.admin.MoveMode;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.store.Deadline;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** How evenly bins fill up, by the policy that chooses the emptiest. */
abstract class FairnessPromises extends StorePromises {

  @Test
  @DisplayName("equally empty bins are taken by name, in code point order")
  void ties() {
    // By UTF-16 units the emoji would come before the letter from the private use area.
    List<String> names = List.of("B", "a", "b", "\u00e9", "\uE000", "\uFF5E", "\uD83D\uDE00");
    for (BinPolicy policy : List.of(BinPolicy.emptiest(), EMPTIEST_IN_JAVA)) {
      List<String> declared = new ArrayList<>(names);
      Collections.shuffle(declared, new Random(7));
      Sharder sharder =
          Sharder.builder(policy == EMPTIEST_IN_JAVA ? "in java" : "in sql", store)
              .bins(declared.toArray(String[]::new))
              .policy(policy)
              .build();
      assertThat(sharder.bins()).extracting(BinLoad::name).containsExactlyElementsOf(names);
      assertThat(IntStream.range(0, names.size()).mapToObj(i -> sharder.assign("user" + i).bin()))
          .containsExactlyElementsOf(names);
    }
  }

  @Test
  @DisplayName("100 objects on 10 bins are 10 in each")
  void hundred() {
    Sharder hubs = tenBins();
    assignMany(hubs, "user", 100);
    assertThat(loads(hubs).values()).hasSize(10).containsOnly(10L);
  }

  @Test
  @DisplayName("99 objects on 10 bins are 10 in nine of them and 9 in one")
  void ninetyNine() {
    Sharder hubs = tenBins();
    assignMany(hubs, "user", 99);
    assertThat(loads(hubs).values())
        .containsExactlyInAnyOrder(10L, 10L, 10L, 10L, 10L, 10L, 10L, 10L, 10L, 9L);
  }

  @Test
  @DisplayName(
      "the next object goes to the emptiest bin, whatever else was done since the last one")
  void doneInBetween() {
    Sharder hubs = hubs("a", "b", "c", "d");
    Random random = new Random(7);
    for (int i = 0; i < 60; i++) {
      assign(hubs, "plain-%d-".formatted(i), 1 + random.nextInt(3));
      String last = "plain-%d-0".formatted(i);
      String someBin = List.of("a", "b", "c", "d").get(random.nextInt(4));
      switch (i % 6) {
        case 0 -> hubs.assign(AssignmentRequest.of("hub", "large-" + i).withSize(3));
        case 1 -> admin().move(Move.of(last, someBin), MoveMode.FORCED, NOTE);
        case 2 -> admin().remove(last, ANY, NOTE);
        case 3 -> admin().changeBin(someBin, bin -> bin.withOffset(random.nextInt(4)), NOTE);
        case 4 -> admin().changeBin(someBin, bin -> bin.withWeight(1 + random.nextInt(2)), NOTE);
        default -> hubs.assignRoster(Stream.of("r1-" + i, "r2-" + i).iterator(), progress -> {});
      }
      BinLoad emptiest = EMPTIEST_IN_JAVA.choose(request("next-" + i), hubs.bins());
      assertThat(hubs.assign("next-" + i).bin()).as("after step %d", i).isEqualTo(emptiest.name());
    }
  }

  @Test
  @DisplayName("10,000 bins are declared at once, and taken one after another")
  void manyBins() {
    List<Bin> bins =
        IntStream.range(0, 10_000).mapToObj(i -> Bin.of("hub-%05d".formatted(i))).toList();
    Sharder hubs = Sharder.builder("hub", store).bins(bins).build();
    assertThat(assignMany(hubs, "user", 70))
        .extracting(Placement::bin)
        .containsExactlyElementsOf(bins.stream().limit(70).map(Bin::name).toList());
    assertThat(hubs.bins()).extracting(BinLoad::bin).containsExactlyElementsOf(bins);
  }

  @Test
  @DisplayName("an offset counts as load that is already there")
  void offset() {
    assignMany(tenBins(), "user", 100);
    List<Bin> bins = new ArrayList<>(bins(10));
    bins.set(3, bins.get(3).withOffset(2));
    Sharder hubs = Sharder.builder("hub", store).bins(bins).build();

    assignMany(hubs, "next", 18);
    Map<String, Long> uneven = loads(hubs);
    assertThat(uneven.remove("hub-03")).isEqualTo(10);
    assertThat(uneven.values()).hasSize(9).containsOnly(12L);

    assignMany(hubs, "last", 10);
    Map<String, Long> even = loads(hubs);
    assertThat(even.remove("hub-03")).isEqualTo(11);
    assertThat(even.values()).hasSize(9).containsOnly(13L);
  }

  @Test
  @DisplayName("with sizes, bins differ by no more than the largest object")
  void sizes() {
    for (int seed = 0; seed < 15; seed++) {
      Random random = new Random(seed);
      String kind = "sizes " + seed;
      Sharder sharder = Sharder.builder(kind, store).bins("a", "b", "c", "d", "e").build();
      int largest = 1 + random.nextInt(random.nextBoolean() ? 5 : 1_000_000);
      for (int chunk = 0; chunk < 8; chunk++) {
        List<AssignmentRequest> requests = new ArrayList<>();
        for (int i = 0; i <= random.nextInt(12); i++) {
          String object = "user %d-%d".formatted(chunk, i);
          requests.add(AssignmentRequest.of(kind, object).withSize(1 + random.nextInt(largest)));
        }
        store.place(kind, requests, BinPolicy.emptiest(), Deadline.in(LIMIT));
        List<Long> sorted = loads(sharder).values().stream().sorted().toList();
        assertThat(sorted.get(4) - sorted.get(0)).as("seed %d", seed).isLessThanOrEqualTo(largest);
      }
      assertThat(ShardAdmin.builder(kind, store).build().verify(10)).as("seed %d", seed).isEmpty();
    }
  }
}
