package dev.sharder.examples.hub.secrets;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Where the log shows stack traces. */
@Timeout(30)
class LoggedFailureTest {

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
    LoggerContext context = new LoggerContext();
    LoggingEvent event =
        new LoggingEvent(
            "",
            context.getLogger(logger),
            Level.WARN,
            "it failed",
            new IllegalStateException(),
            null);
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
}
