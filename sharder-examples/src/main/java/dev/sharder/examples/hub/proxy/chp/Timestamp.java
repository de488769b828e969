package dev.sharder.examples.hub.proxy.chp;

import dev.sharder.InvalidValueException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.time.temporal.TemporalAccessor;
import java.time.temporal.TemporalQueries;
import java.util.Locale;

/** Reads points in time by ISO 8601, as JavaScript and Python write them. */
final class Timestamp {

  private static final DateTimeFormatter ISO =
      new DateTimeFormatterBuilder()
          .appendPattern("uuuu[-MM[-dd]]['T'HH:mm[:ss]]")
          .appendFraction(ChronoField.NANO_OF_SECOND, 0, 9, true)
          .appendPattern("[XXX][XX][X]")
          .parseDefaulting(ChronoField.MONTH_OF_YEAR, 1)
          .parseDefaulting(ChronoField.DAY_OF_MONTH, 1)
          .parseDefaulting(ChronoField.HOUR_OF_DAY, 0)
          .parseDefaulting(ChronoField.MINUTE_OF_HOUR, 0)
          .parseDefaulting(ChronoField.SECOND_OF_MINUTE, 0)
          .toFormatter(Locale.ROOT);

  private Timestamp() {}

  /**
   * Reads a date, or a date and a time; without a zone it is in UTC.
   *
   * @throws InvalidValueException if it is neither
   */
  static Instant parse(String text) {
    try {
      // In a query, a plus is a blank.
      TemporalAccessor read = ISO.parse(text.strip().replaceFirst(" (?=[0-9:]+$)", "+"));
      ZoneId zone = read.query(TemporalQueries.offset());
      return LocalDate.from(read)
          .atTime(LocalTime.from(read))
          .atZone(zone == null ? ZoneOffset.UTC : zone)
          .toInstant();
    } catch (DateTimeException malformed) {
      throw new InvalidValueException(
          "'%s' is not a time; write it by ISO 8601, such as 2026-01-31T12:00:00Z".formatted(text));
    }
  }
}
