package dev.sharder.examples.hub.cli;

import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How the log is written: for people, or as a line of JSON for each entry. */
public enum LogFormat {
  TEXT,
  JSON;

  /** The environment variable, and the property that logback.xml reads. */
  static final String KEY = "SHARDER_LOG_FORMAT";

  /** Returns the format that the environment sets; text if it sets none or an unknown one. */
  static LogFormat configured() {
    return of(System.getenv(KEY)).orElse(TEXT);
  }

  /** Refuses an unknown format. */
  static void check() {
    String word = System.getenv(KEY);
    if (of(word).isEmpty()) {
      throw new UsageException("%s '%s' is unknown; use text or json".formatted(KEY, word));
    }
  }

  private static Optional<LogFormat> of(@Nullable String word) {
    for (LogFormat format : values()) {
      if (format.word().equals(word)) {
        return Optional.of(format);
      }
    }
    return word == null || word.isEmpty() ? Optional.of(TEXT) : Optional.empty();
  }

  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
