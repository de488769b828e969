package dev.sharder.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.Assignment;
import dev.sharder.AssignmentRequest;
import dev.sharder.BinPolicy;
import dev.sharder.BinState;
import dev.sharder.ConflictException;
import dev.sharder.NoOpenBinException;
import dev.sharder.Placement;
import dev.sharder.Progress;
import dev.sharder.Sharder;
import dev.sharder.SharderBuilder;
import dev.sharder.admin.Change;
import dev.sharder.admin.Move;
import dev.sharder.admin.MoveCounts;
import dev.sharder.admin.MoveMode;
import dev.sharder.admin.Plan;
import dev.sharder.admin.PlanOptions;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Many callers at once. */
abstract class ConcurrencyPromises extends StorePromises {

  @Test
  @DisplayName("rosters that overlap can be run at the same time")
  void rosters() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(3);
    try {
      List<Callable<Progress>> runs =
          IntStream.of(0, 10_000, 20_000)
              .<Callable<Progress>>mapToObj(
                  from ->
                      () -> tenBins().assignRoster(users(from, 30_000).iterator(), progress -> {}))
              .toList();
      long made = 0;
      for (Future<Progress> run : threads.invokeAll(runs)) {
        assertThat(run.get().answered()).isEqualTo(30_000);
        made += run.get().made();
      }
      assertThat(made).isEqualTo(50_000);
      assertThat(loads(tenBins())).allSatisfy((bin, load) -> assertThat(load).isEqualTo(5_000));
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  @DisplayName("many threads that assign the same objects get the same answers, and bins stay even")
  void sameAnswers() throws Exception {
    int threads = 8;
    int names = 60;
    Sharder hubs = hubs("a", "b", "c", "d", "e", "f", "g");
    CyclicBarrier together = new CyclicBarrier(threads);
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      List<Callable<Map<String, String>>> askers = new ArrayList<>();
      for (int thread = 0; thread < threads; thread++) {
        askers.add(asker(hubs, names, together, thread));
      }
      Set<Map<String, String>> answers = new HashSet<>();
      for (Future<Map<String, String>> asked : pool.invokeAll(askers)) {
        answers.add(asked.get());
      }
      assertThat(answers).hasSize(1);
    } finally {
      pool.shutdownNow();
    }
    List<Long> sorted = loads(hubs).values().stream().sorted().toList();
    assertThat(sorted.stream().mapToLong(Long::longValue).sum()).isEqualTo(names);
    assertThat(sorted.get(sorted.size() - 1) - sorted.get(0)).isLessThanOrEqualTo(1);
  }

  @Test
  @DisplayName(
      "of two operators who move the same object at once, one wins and the other gets a conflict")
  void twoOperators() throws Exception {
    Sharder hubs = hubs("a", "b", "c");
    hubs.assign("ada");
    CyclicBarrier together = new CyclicBarrier(2);
    for (int round = 0; round < 60; round++) {
      Assignment now = admin().find("ada").orElseThrow();
      List<Callable<Object>> operators =
          Stream.of("a", "b", "c")
              .filter(bin -> !bin.equals(now.bin()))
              .map(to -> mover(Move.of("ada", to).ifVersion(now.version()), together))
              .toList();
      List<Object> outcomes = atOnce(operators);
      Assignment after = admin().find("ada").orElseThrow();
      assertThat(after.version()).as("round %d", round).isEqualTo(now.version() + 1);
      assertThat(outcomes)
          .as("round %d", round)
          .filteredOn(Assignment.class::isInstance)
          .extracting(won -> ((Assignment) won).bin())
          .containsExactly(after.bin());
      assertThat(outcomes)
          .filteredOn(ConflictException.class::isInstance)
          .extracting(lost -> ((ConflictException) lost).actual().orElseThrow())
          .containsExactly(after);
      assertThat(loads(hubs)).as("round %d", round).containsEntry(after.bin(), 1L);
      assertThat(loads(hubs).values()).as("round %d", round).containsOnly(0L, 1L);
    }
  }

  @Test
  @DisplayName("members of a group that arrive at once share a bin")
  void groups() throws Exception {
    hubs("a", "b", "c", "d");
    SharderBuilder own = Sharder.builder("hub", store).policy(BinPolicy.roundRobin()).cache(0);
    List<Sharder> sharders = Stream.generate(own::build).limit(4).toList();
    CyclicBarrier together = new CyclicBarrier(4);
    for (int round = 0; round < 15; round++) {
      String team = "team" + round;
      List<Callable<String>> members = new ArrayList<>();
      for (Sharder sharder : sharders) {
        AssignmentRequest member = request(team + "-" + members.size()).withGroup(team);
        members.add(
            () -> {
              together.await();
              return sharder.assign(member).bin();
            });
      }
      assertThat(new HashSet<>(atOnce(members))).as(team).hasSize(1);
    }
  }

  @Test
  @DisplayName("an object refused for one caller's size is placed for a caller with a smaller one")
  void sizes() {
    hubs("a");
    admin().changeBin("a", bin -> bin.withCapacity(2), NOTE);
    Queue<Runnable> rounds = new ArrayDeque<>();
    Sharder hubs = Sharder.builder("hub", store).executor(rounds::add).build();
    CompletionStage<Placement> large = hubs.assignAsync(request("ada").withSize(3));
    CompletionStage<Placement> small = hubs.assignAsync(request("ada").withSize(2));
    CompletionStage<Placement> known = hubs.assignAsync(request("ada"));
    while (!rounds.isEmpty()) {
      rounds.remove().run();
    }
    assertThat(large)
        .failsWithin(Duration.ZERO)
        .withThrowableThat()
        .withCauseInstanceOf(NoOpenBinException.class);
    assertThat(small).isCompletedWithValueMatching(Placement::isNew);
    assertThat(known).isCompletedWithValueMatching(placement -> !placement.isNew());
    assertThat(loads(hubs)).containsEntry("a", 2L);
  }

  @Test
  @DisplayName("the history of an object is right while others change it")
  void history() throws Exception {
    Sharder hubs = Sharder.builder("hub", store).bins("a").cache(0).build();
    ExecutorService pool = Executors.newSingleThreadExecutor();
    try {
      for (int i = 0; i < 200; i++) {
        String user = "user" + i;
        Future<?> brief =
            pool.submit(
                () -> {
                  hubs.assign(user);
                  return admin().remove(user, ANY, NOTE);
                });
        List<Change> story = List.of();
        while (story.size() < 2) {
          boolean isDone = brief.isDone();
          story = admin().history(user);
          List<Change.What> whole = List.of(Change.What.ASSIGNED, Change.What.REMOVED);
          assertThat(story)
              .as(user)
              .extracting(Change::what)
              .isEqualTo(isDone ? whole : whole.subList(0, Math.min(2, story.size())));
        }
        brief.get();
      }
    } finally {
      pool.shutdownNow();
    }
  }

  @Test
  @DisplayName("a drain is completed while new objects are placed")
  void plans() throws Exception {
    adopt("a", 0, 1_500);
    adopt("b", 1_500, 0);
    adopt("c", 1_500, 0);
    admin().changeBin("a", bin -> bin.withState(BinState.DRAINING), NOTE);
    Sharder hubs = Sharder.builder("hub", store).build();
    ExecutorService pool = Executors.newSingleThreadExecutor();
    try {
      Future<List<String>> arriving = pool.submit(() -> assign(hubs, "new", 200));
      Plan plan = admin().planDrain("a", PlanOptions.ALL);
      assertThat(admin().apply(admin().moves(plan), NOTE, progress -> {}))
          .isEqualTo(new MoveCounts(1_500, 0, 0));
      assertThat(arriving.get()).containsOnly("b", "c");
    } finally {
      pool.shutdownNow();
    }
    assertThat(admin().bins().get(0).assigned()).isZero();
    assertThat(admin().bins().get(1).assigned() + admin().bins().get(2).assigned())
        .isEqualTo(1_700);
  }

  private static Callable<Map<String, String>> asker(
      Sharder hubs, int names, CyclicBarrier together, int seed) {
    return () -> {
      List<Integer> order = new ArrayList<>(IntStream.range(0, names).boxed().toList());
      Collections.shuffle(order, new Random(seed));
      together.await();
      Map<String, String> answers = new TreeMap<>();
      for (int i : order) {
        answers.put("user" + i, hubs.assign("user" + i).bin());
      }
      return answers;
    };
  }

  private Callable<Object> mover(Move move, CyclicBarrier together) {
    return () -> {
      together.await();
      try {
        return admin().move(move, MoveMode.CHECKED, NOTE);
      } catch (ConflictException lost) {
        return lost;
      }
    };
  }
}
