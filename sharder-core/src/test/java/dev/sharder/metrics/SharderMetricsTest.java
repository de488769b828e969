package dev.sharder.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sharder.Bin;
import dev.sharder.NoOpenBinException;
import dev.sharder.Sharder;
import dev.sharder.SharderException;
import dev.sharder.store.AssignmentStore;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The meters count and time what was done. */
@Timeout(60)
class SharderMetricsTest {

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

  @Test
  void answersAreCountedByBinAndByWhereTheyCameFrom() {
    try (AssignmentStore store = AssignmentStore.inMemory();
        Sharder hubs = sharder(store, Bin.of("a"), Bin.of("b"))) {
      hubs.assign("ada");
      hubs.assign("bob");
      assertThat(registry.get("sharder.round").tag("step", "place").timer().count()).isEqualTo(2);
      assertThat(registry.get("sharder.round.objects").tag("step", "place").summary().totalAmount())
          .isEqualTo(2);
      // The cache keeps answers once it watches for changes.
      while (registry.find("sharder.assignments").tag("result", "memory").counter() == null) {
        hubs.assign("ada");
      }
      hubs.assign("ada");
      hubs.assignAll(IntStream.range(0, 10).mapToObj(i -> "user" + i).toList());
    }
    assertThat(answers("a", "new") + answers("b", "new")).isEqualTo(12);
    assertThat(answers("a", "new")).isEqualTo(6);
    assertThat(answers("a", "memory")).isEqualTo(2);
    assertThat(registry.get("sharder.assign").tag("result", "new").timer().count()).isEqualTo(2);
  }

  @Test
  @DisplayName("Refusals by each error are 0 from the start, so that an alert sees the first one")
  void refusalsBeginWithZero() {
    try (AssignmentStore store = AssignmentStore.inMemory();
        Sharder hubs = sharder(store, Bin.of("a"))) {
      assertThat(registry.get("sharder.refusals").counters())
          .hasSameSizeAs(SharderException.class.getPermittedSubclasses())
          .allSatisfy(counter -> assertThat(counter.count()).isZero());
    }
  }

  @Test
  void refusalsAreCountedByTheirError() {
    try (AssignmentStore store = AssignmentStore.inMemory();
        Sharder hubs = sharder(store, Bin.of("a").withCapacity(0))) {
      assertThatThrownBy(() -> hubs.assign("ada")).isInstanceOf(NoOpenBinException.class);
    }
    assertThat(registry.get("sharder.refusals").tag("error", "no-open-bin").counter().count())
        .isEqualTo(1);
    assertThat(registry.get("sharder.assign").tag("result", "refused").timer().count())
        .isEqualTo(1);
  }

  @Test
  void everyBinIsAGaugeAndACapacityOnlyWhereThereIsOne() {
    try (AssignmentStore store = AssignmentStore.inMemory();
        Sharder before = Sharder.builder("hub", store).bins("a").build()) {
      before.assign("ada");
      Bin capped = Bin.of("b").withCapacity(40).withOffset(3).withWeight(2);
      try (Sharder hubs = sharder(store, Bin.of("a"), capped)) {
        assertThat(gauge("sharder.bin.load", "a")).isEqualTo(1);
        assertThat(gauge("sharder.bin.open", "b")).isEqualTo(1);
        assertThat(gauge("sharder.bin.capacity", "b")).isEqualTo(40);
        assertThat(gauge("sharder.bin.offset", "b")).isEqualTo(3);
        assertThat(gauge("sharder.bin.weight", "b")).isEqualTo(2);
        assertThat(registry.find("sharder.bin.capacity").tag("bin", "a").gauge()).isNull();
        assertThat(registry.get("sharder.bins").tag("kind", hubs.kind()).gauge().value())
            .isEqualTo(2);
      }
    }
  }

  @Test
  void theGaugesOfAKindAreThoseOfAnySharderThatIsOpen() {
    SharderMetrics metrics = SharderMetrics.in(registry);
    AssignmentStore closed = AssignmentStore.inMemory();
    closed.close();
    Sharder away = Sharder.builder("hub", closed).listener(metrics).build();
    assertThat(registry.get("sharder.bins").gauge().value()).isNaN();
    try (AssignmentStore store = AssignmentStore.inMemory();
        Sharder ignored = Sharder.builder("hub", store).bins("a").listener(metrics).build()) {
      away.close();
      Sharder.builder("hub", store).listener(metrics).build().close();
      assertThat(registry.get("sharder.bins").gauge().value()).isEqualTo(1);
      assertThat(gauge("sharder.bin.open", "a")).isEqualTo(1);
    }
  }

  @Test
  void theGaugesOfAKindGoWithItsLastSharderAndComeWithTheNext() {
    try (AssignmentStore store = AssignmentStore.inMemory()) {
      sharder(store, Bin.of("a"), Bin.of("b").withCapacity(40)).close();
      assertThat(registry.find("sharder.bins").gauge()).isNull();
      assertThat(registry.find("sharder.bin.capacity").gauge()).isNull();
      try (Sharder again = sharder(store, Bin.of("a"), Bin.of("b"), Bin.of("c"))) {
        again.assign("ada");
        assertThat(registry.get("sharder.bins").gauge().value()).isEqualTo(3);
        assertThat(gauge("sharder.bin.open", "a")).isEqualTo(1);
      }
    }
  }

  @Test
  void aStoreThatCannotBeAskedIsNotANumber() {
    AssignmentStore store = AssignmentStore.inMemory();
    store.close();
    try (Sharder hubs =
        Sharder.builder("hub", store).listener(SharderMetrics.in(registry)).build()) {
      assertThat(hubs.kind()).isEqualTo("hub");
      assertThat(registry.get("sharder.bins").gauge().value()).isNaN();
    }
  }

  @Test
  void everyMeterHasTheKindAndIsOfTheLibrary() {
    try (AssignmentStore store = AssignmentStore.inMemory();
        Sharder hubs = sharder(store, Bin.of("a"))) {
      hubs.assign("ada");
    }
    assertThat(registry.getMeters()).extracting(Meter::getId).isNotEmpty();
    assertThat(registry.getMeters())
        .allMatch(meter -> meter.getId().getName().startsWith("sharder."))
        .allMatch(meter -> "hub".equals(meter.getId().getTag("kind")));
  }

  private Sharder sharder(AssignmentStore store, Bin... bins) {
    return Sharder.builder("hub", store)
        .bins(List.of(bins))
        .listener(SharderMetrics.in(registry))
        .build();
  }

  private double answers(String bin, String result) {
    return registry
        .get("sharder.assignments")
        .tag("bin", bin)
        .tag("result", result)
        .counter()
        .count();
  }

  private double gauge(String name, String bin) {
    return registry.get(name).tag("bin", bin).gauge().value();
  }
}
