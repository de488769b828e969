package dev.sharder.examples.hub.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("The date of an answer")
class HttpDatesTest {

  @ParameterizedTest
  @CsvSource({
    "2026-12-01T02:03:04.9Z, 'Tue, 01 Dec 2026 02:03:04 GMT'",
    "2026-11-30T23:59:59Z, 'Mon, 30 Nov 2026 23:59:59 GMT'",
    "2027-02-28T12:00:00Z, 'Sun, 28 Feb 2027 12:00:00 GMT'",
  })
  @DisplayName("has two digits for each day, as HTTP demands")
  void date(Instant time, String written) {
    assertThat(HeadWriter.date(time)).isEqualTo(written);
  }
}
