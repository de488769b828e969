package dev.sharder.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sharder.Assignment;
import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.ClosedException;
import dev.sharder.InvalidValueException;
import dev.sharder.Placement;
import dev.sharder.Sharder;
import dev.sharder.StoreException;
import dev.sharder.store.Deadline;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What a store promises a program: an object is placed once and found from then on. */
abstract class PlacingPromises extends StorePromises {

  @Test
  @DisplayName("an object keeps its bin, and is new once")
  void sameBin() {
    Sharder hubs = hubs("a", "b", "c");
    Placement first = hubs.assign("ada");
    hubs.assign("bob");
    Placement again = hubs.assign("ada");
    assertThat(first.isNew()).isTrue();
    assertThat(again).isEqualTo(new Placement(first.assignment(), false));
    assertThat(hubs.find("ada")).contains(first.assignment());
  }

  @Test
  @DisplayName("an assignment says which object is in which bin since when")
  void complete() {
    Assignment ada = hubs("a").assign("ada").assignment();
    assertThat(ada).isEqualTo(new Assignment("hub", "ada", "a", 1, ada.assignedAt()));
    assertThat(Duration.between(ada.assignedAt(), Instant.now()).abs()).isLessThan(LIMIT);
  }

  @Test
  @DisplayName("finding an object does not place it")
  void find() {
    Sharder hubs = hubs("a");
    assertThat(hubs.find("ada")).isEmpty();
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 0L));
  }

  @Test
  @DisplayName("another sharder on the same store returns the same assignment")
  void anotherSharder() {
    Assignment ada = hubs("a", "b").assign("ada").assignment();
    Sharder another = Sharder.builder("hub", store).build();
    assertThat(another.find("ada")).contains(ada);
    assertThat(another.assign("ada")).isEqualTo(new Placement(ada, false));
  }

  @Test
  @DisplayName("kinds are independent of each other")
  void kinds() {
    Sharder hubs = hubs("a");
    Sharder homes = Sharder.builder("homedir", store).bins("nfs").build();
    hubs.assign("ada");
    assertThat(homes.find("ada")).isEmpty();
    assertThat(homes.assign("ada").bin()).isEqualTo("nfs");
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 1L));
  }

  @Test
  @DisplayName("an object that is named twice in one call is placed once")
  void duplicates() {
    Sharder hubs = hubs("a", "b");
    List<Placement> placements = hubs.assignAll(List.of("ada", "bob", "ada"));
    assertThat(placements).extracting(Placement::bin).containsExactly("a", "b", "a");
    assertThat(placements).extracting(Placement::isNew).containsExactly(true, true, false);
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 1L, "b", 1L));
  }

  @Test
  @DisplayName("of many objects in one call, each gets its own answer, in their order")
  void eachItsOwn() {
    Sharder hubs =
        Sharder.builder("hub", store)
            .bins(List.of(Bin.of("a").withCapacity(2_001)))
            .cache(0)
            .build();
    hubs.assign("bob");
    List<String> names =
        Stream.concat(
                Stream.of(" ", "bob", "user-0", "user-0"),
                Stream.concat(users(1, 1_999), Stream.of("eve", "bob")))
            .toList();
    List<String> outcomes =
        hubs.assignEachAsync(names).stream().map(PlacingPromises::outcome).toList();
    assertThat(outcomes.subList(0, 5))
        .containsExactly(
            "InvalidValueException", "bob false", "user-0 true", "user-0 false", "user-1 true");
    assertThat(outcomes.subList(2_002, 2_005))
        .containsExactly("user-1999 true", "NoOpenBinException", "bob false");
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 2_001L));
    hubs.close();
    assertThat(hubs.assignEachAsync(List.of("bob")).get(0).toCompletableFuture())
        .isCompletedExceptionally();
  }

  @Test
  @DisplayName("callers that do not wait get the same answers")
  void async() {
    Sharder hubs = hubs("a", "b", "c");
    List<CompletableFuture<Placement>> asked =
        IntStream.range(0, 300)
            .mapToObj(i -> hubs.assignAsync("user" + i / 2).toCompletableFuture())
            .toList();
    assertThat(asked).allSatisfy(answer -> assertThat(answer.join().bin()).isIn("a", "b", "c"));
    assertThat(asked.stream().filter(answer -> answer.join().isNew())).hasSize(150);
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 50L, "b", 50L, "c", 50L));
    assertThatThrownBy(hubs.assignAsync(" ").toCompletableFuture()::join)
        .hasCauseInstanceOf(InvalidValueException.class);
  }

  @Test
  @DisplayName("callers that do not wait can name a size and a group")
  void asyncWithGroup() {
    Sharder hubs = hubs("a", "b");
    AssignmentRequest ada = AssignmentRequest.of("hub", "ada").withSize(5).withGroup("lab");
    AssignmentRequest bob = AssignmentRequest.of("hub", "bob").withGroup("lab");
    assertThat(hubs.assignAsync(ada).toCompletableFuture().join().bin()).isEqualTo("a");
    assertThat(hubs.assignAsync(bob).toCompletableFuture().join().bin()).isEqualTo("a");
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 6L, "b", 0L));
    AssignmentRequest stranger = AssignmentRequest.of("homedir", "ada");
    assertThatThrownBy(hubs.assignAsync(stranger).toCompletableFuture()::join)
        .hasCauseInstanceOf(InvalidValueException.class);
  }

  @Test
  @DisplayName("a closed store reports that it is closed")
  void closed() {
    Sharder hubs = hubs("a");
    store.close();
    assertThatThrownBy(() -> hubs.assign("ada")).isInstanceOf(ClosedException.class);
    assertThatThrownBy(() -> hubs.find("ada")).isInstanceOf(ClosedException.class);
    assertThat(catchThrowableOfType(ClosedException.class, hubs::bins))
        .hasMessageContaining("is closed");
  }

  @Test
  @DisplayName("a call on an interrupted thread answers or fails as a whole, and stays interrupted")
  void interrupted() {
    hubs("a", "b");
    for (int i = 0; i < 20; i++) {
      String object = "user" + i;
      long before = assigned();
      Thread.currentThread().interrupt();
      boolean isPlaced = isPlaced(object);
      assertThat(Thread.interrupted()).isTrue();
      boolean isFound = store.find("hub", List.of(object), Deadline.in(LIMIT)).containsKey(object);
      assertThat(isFound || !isPlaced).isTrue();
      assertThat(assigned()).isEqualTo(before + (isFound ? 1 : 0));
    }
    assertThat(Sharder.builder("hub", store).build().assign("ada").isNew()).isTrue();
  }

  private boolean isPlaced(String object) {
    try {
      return place(List.of(object), EMPTIEST_IN_JAVA).answer(object).isNew();
    } catch (StoreException interrupted) {
      return false;
    }
  }

  private long assigned() {
    return store.bins("hub", Deadline.in(LIMIT)).stream().mapToLong(BinLoad::assigned).sum();
  }

  private static String outcome(CompletionStage<Placement> answer) {
    try {
      Placement placement = answer.toCompletableFuture().join();
      return placement.object() + " " + placement.isNew();
    } catch (CompletionException failure) {
      return failure.getCause().getClass().getSimpleName();
    }
  }
}
