package dev.sharder.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sharder.Bin;
import dev.sharder.NoOpenBinException;
import dev.sharder.Progress;
import dev.sharder.Sharder;
import dev.sharder.StoreException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Long lists of objects, placed chunk by chunk. */
abstract class RosterPromises extends StorePromises {

  @Test
  @DisplayName("a roster is placed as if one by one, and its progress is reported chunk by chunk")
  void inOrder() {
    Sharder hubs = tenBins();
    hubs.assign("user-20999");
    List<Progress> reported = new ArrayList<>();
    Stream<String> roster = Stream.concat(users(0, 25_000), users(0, 10));
    Progress whole = hubs.assignRoster(roster.iterator(), reported::add);
    assertThat(whole).isEqualTo(new Progress(25_010, 24_999));
    assertThat(reported)
        .containsExactly(new Progress(20_000, 20_000), new Progress(25_010, 24_999));
    // The object that was placed before took the first place in hub-00.
    assertThat(hubs.find("user-0").orElseThrow().bin()).isEqualTo("hub-01");
    assertThat(hubs.find("user-20998").orElseThrow().bin()).isEqualTo("hub-09");
    assertThat(hubs.find("user-21000").orElseThrow().bin()).isEqualTo("hub-00");
    assertThat(loads(hubs)).allSatisfy((bin, load) -> assertThat(load).isEqualTo(2_500));
  }

  @Test
  @DisplayName("a roster that was interrupted can be run again from its start")
  void interrupted() {
    Sharder hubs = tenBins();
    assertThatThrownBy(
            () ->
                hubs.assignRoster(
                    users(0, 25_000).iterator(), progress -> Thread.currentThread().interrupt()))
        .isInstanceOf(StoreException.class)
        .hasMessage(
            "interrupted (objects answered: 20000); run the roster again: assigned objects keep their bins");
    assertThat(Thread.interrupted()).isTrue();
    String bin = hubs.find("user-9999").orElseThrow().bin();
    assertThat(hubs.assignRoster(users(0, 25_000).iterator(), progress -> {}))
        .isEqualTo(new Progress(25_000, 5_000));
    assertThat(hubs.find("user-9999").orElseThrow().bin()).isEqualTo(bin);
    assertThat(loads(hubs)).allSatisfy((name, load) -> assertThat(load).isEqualTo(2_500));
  }

  @Test
  @DisplayName(
      "a roster that finds no room places as many as it can, and reports the first it could not")
  void noRoom() {
    Sharder hubs =
        Sharder.builder("hub", store)
            .bins(List.of(Bin.of("a").withCapacity(6_001), Bin.of("b").withCapacity(100)))
            .build();
    List<Progress> reported = new ArrayList<>();
    assertThatThrownBy(() -> hubs.assignRoster(users(0, 7_000).iterator(), reported::add))
        .isInstanceOf(NoOpenBinException.class)
        .hasMessageContaining("a is full (6001 of 6001), b is full (100 of 100)")
        .hasMessageContaining("user-6101");
    assertThat(reported).isEmpty();
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 6_001L, "b", 100L));
  }
}
