package dev.sharder.examples.hub.secrets;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.Logger;

@DisplayName("The log of a server")
@Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LogQueueTest {

  private static final int FLOOD = 30_000;

  private final PrintStream standardError = System.err;
  private final LoggerContext context = new LoggerContext();
  private BufferedReader reader;
  private Logger log;

  @BeforeEach
  void start() throws IOException {
    PipedInputStream pipe = new PipedInputStream();
    reader = new BufferedReader(new InputStreamReader(pipe, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(new PipedOutputStream(pipe), true, StandardCharsets.UTF_8));
    System.setProperty(LogConfiguration.QUEUED, "true");
    context.setMDCAdapter(new LogbackMDCAdapter());
    new LogConfiguration().configure(context);
    log = context.getLogger("dev.sharder.test");
  }

  @AfterEach
  void end() {
    context.stop();
    System.clearProperty(LogConfiguration.QUEUED);
    System.setErr(standardError);
  }

  @Test
  @DisplayName("shows a line at once, though no other follows")
  void atOnce() throws IOException {
    log.info("the first");
    assertThat(reader.readLine()).endsWith("test: the first");
    log.info("the second");
    assertThat(reader.readLine()).endsWith("test: the second");
  }

  @Test
  @DisplayName("lets no one wait who logs while no one reads, and says how many lines it left out")
  void flood() throws IOException {
    for (int i = 0; i < FLOOD; i++) {
      log.info("line {}", i);
    }
    int shown = 0;
    while (true) {
      Matcher leftOut = Pattern.compile("(\\d+) lines are left out").matcher(reader.readLine());
      if (leftOut.find()) {
        assertThat(shown + Integer.parseInt(leftOut.group(1))).isEqualTo(FLOOD);
        return;
      }
      shown++;
    }
  }

  @Test
  @DisplayName("ends within a second or two though no one reads it")
  void unread() {
    for (int i = 0; i < FLOOD; i++) {
      log.info("line {}", i);
    }
    long start = System.nanoTime();
    context.stop();
    assertThat(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start)).isLessThan(5);
  }
}
