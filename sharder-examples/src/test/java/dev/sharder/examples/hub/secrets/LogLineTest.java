package dev.sharder.examples.hub.secrets;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a line of the log shows, and where it has stack traces. */
@Timeout(30)
class LogLineTest {

  private final Properties before = (Properties) System.getProperties().clone();

  @BeforeEach
  void clear() {
    System.clearProperty(LogConfiguration.QUEUED);
    System.clearProperty(LogConfiguration.VERBOSE);
  }

  @AfterEach
  void restore() {
    System.setProperties(before);
  }

  /** Returns the lines that a logger writes of an exception. */
  private static List<String> logged(String logger) {
    return logged(logger, "it failed", new IllegalStateException());
  }

  private static List<String> logged(String logger, String message, @Nullable Throwable exception) {
    LoggerContext context = new LoggerContext();
    LoggingEvent event =
        new LoggingEvent("", context.getLogger(logger), Level.WARN, message, exception, null);
    byte[] text = LogConfiguration.text(context).encode(event);
    return new String(text, StandardCharsets.UTF_8).lines().toList();
  }

  private static void assertTraces(boolean areShown) {
    for (String logger : List.of("dev.sharder.Any", "io.undertow.request")) {
      if (areShown) {
        assertThat(logged(logger)).anyMatch(line -> line.startsWith("\tat "));
      } else {
        assertThat(logged(logger)).singleElement().asString().endsWith("it failed");
      }
    }
  }

  @Test
  @DisplayName("a command logs one line, whatever logs it")
  void commands() {
    assertTraces(false);
  }

  @Test
  @DisplayName("a command with --verbose logs stack traces")
  void verbose() {
    System.setProperty(LogConfiguration.VERBOSE, "true");
    assertTraces(true);
  }

  @Test
  @DisplayName("a server always logs stack traces, also those that only a library sees")
  void servers() {
    System.setProperty(LogConfiguration.QUEUED, "true");
    assertTraces(true);
  }

  @Test
  @DisplayName(
      "a line has time, level and logger, and nothing that breaks it or turns its direction")
  void oneLine() {
    String hostile = "a\nb\u0085c\u001b[31md\u202ee\u2066f";
    assertThat(logged("dev.sharder.Any", hostile, null))
        .singleElement()
        .asString()
        .matches(
            "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}(Z|[+-]\\d\\d:\\d\\d) WARN  Any: a\\?b\\?c\\?\\[31md\\?e\\?f");
    assertThat(logged("other", "x", null)).singleElement().asString().endsWith(" WARN  other: x");
  }
}
