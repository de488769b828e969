package dev.sharder.examples.hub.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Counts by the minute")
class MinuteCountsTest {

  private static final Instant NOON = Instant.parse("2026-11-28T12:00:30Z");

  private final MinuteCounts counts = new MinuteCounts();

  private static Instant minutesLater(int minutes) {
    return NOON.plus(Duration.ofMinutes(minutes));
  }

  @Test
  @DisplayName("begin with 60 minutes of nothing")
  void nothing() {
    assertThat(counts.until(NOON)).isEqualTo(Collections.nCopies(60, 0L));
  }

  @Test
  @DisplayName("have the minute that runs at the end, and forget what is an hour old")
  void hour() {
    counts.add(NOON);
    counts.add(NOON);
    counts.add(minutesLater(2));
    List<Long> soon = counts.until(minutesLater(2));
    assertThat(soon.subList(57, 60)).containsExactly(2L, 0L, 1L);
    assertThat(counts.until(minutesLater(59)).get(0)).isEqualTo(2);
    assertThat(counts.until(minutesLater(60)).get(0)).isZero();
    assertThat(counts.until(minutesLater(60)).get(1)).isEqualTo(1);
    assertThat(counts.until(minutesLater(500))).containsOnly(0L);
  }

  @Test
  @DisplayName("count in the latest minute if the clock is set back")
  void clockSetBack() {
    counts.add(minutesLater(5));
    counts.add(NOON);
    assertThat(counts.until(minutesLater(5)).get(59)).isEqualTo(2);
  }
}
