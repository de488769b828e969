package dev.sharder.examples.hub.cli;

import ch.qos.logback.classic.LoggerContext;
import dev.sharder.examples.hub.secrets.LogConfiguration;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** How the log is written: for people, or as a line of JSON for each entry. */
public enum LogFormat {
  TEXT,
  JSON;

  /** The environment variable, and the property that the log is set up by. */
  static final String KEY = LogConfiguration.FORMAT;

  /** Returns the format that the environment sets; text if it sets none or an unknown one. */
  static LogFormat configured() {
    return of(System.getenv(KEY)).orElse(TEXT);
  }

  /**
   * Writes a server's log on its own thread, which drops lines instead of blocking. Called before
   * the first line.
   */
  static void queue() {
    System.setProperty(LogConfiguration.QUEUED, "true");
  }

  /** Returns whether this is the log of a server. */
  static boolean isQueued() {
    return System.getProperty(LogConfiguration.QUEUED) != null;
  }

  /** Writes what waits, and ends the log; within a second if no one reads it. */
  static void flush() {
    if (isQueued()) {
      ((LoggerContext) LoggerFactory.getILoggerFactory()).stop();
    }
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
