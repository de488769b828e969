package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("A backoff")
class ExponentialBackoffTest {

  @Test
  @DisplayName("pauses twice as long each time, up to a limit, until a try succeeds")
  void doubles() {
    ExponentialBackoff backoff = new ExponentialBackoff();
    assertThat(skippedRounds(backoff)).isZero();
    for (int rounds : List.of(1, 3, 7, 15, 31, 63, 127, 255, 255)) {
      backoff.pause();
      assertThat(skippedRounds(backoff)).isEqualTo(rounds);
    }
    backoff.reset();
    backoff.pause();
    assertThat(skippedRounds(backoff)).isEqualTo(1);
  }

  private static int skippedRounds(ExponentialBackoff backoff) {
    int rounds = 0;
    while (backoff.skipsRound()) {
      rounds++;
    }
    return rounds;
  }
}
