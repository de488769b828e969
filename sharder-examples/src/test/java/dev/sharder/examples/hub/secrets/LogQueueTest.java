package dev.sharder.examples.hub.secrets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.encoder.EchoEncoder;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
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
  private static final Pattern LEFT_OUT = Pattern.compile("lines left out here: (\\d+),");

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
    logFlood();
    assertThat(leftOut()).isPositive();
  }

  private void logFlood() {
    for (int i = 0; i < FLOOD; i++) {
      log.info("line {}", i);
    }
  }

  /** Reads the flood, and returns how many of its lines were left out. */
  private int leftOut() throws IOException {
    int shown = 0;
    int leftOut = 0;
    while (shown + leftOut < FLOOD) {
      Matcher notice = LEFT_OUT.matcher(reader.readLine());
      if (notice.find()) {
        leftOut += Integer.parseInt(notice.group(1));
      } else {
        shown++;
      }
    }
    assertThat(shown + leftOut).isEqualTo(FLOOD);
    return leftOut;
  }

  @Test
  @DisplayName("goes on after a line that cannot be written")
  void unwritable() throws IOException {
    MaskedConsole console = new MaskedConsole();
    console.setContext(context);
    console.setTarget("System.err");
    console.setEncoder(new PartialEncoder());
    console.start();
    LogQueue queue = new LogQueue(console);
    queue.setContext(context);
    queue.start();
    context.getLogger("dev.sharder").addAppender(queue);
    context.getLogger("dev.sharder").setAdditive(false);
    log.info(PartialEncoder.UNWRITABLE);
    log.info("the next");
    assertThat(reader.readLine()).endsWith("the next");
    log.info("the last");
    assertThat(List.of(reader.readLine(), reader.readLine()))
        .anyMatch(line -> line.contains("lines left out here: 1,"));
  }

  /** Fails for one line. */
  private static final class PartialEncoder extends EchoEncoder<ILoggingEvent> {

    static final String UNWRITABLE = "a line that fails";

    @Override
    public byte[] encode(ILoggingEvent line) {
      if (line.getMessage().equals(UNWRITABLE)) {
        throw new StackOverflowError("for a test");
      }
      return (line.getFormattedMessage() + "\n").getBytes(StandardCharsets.UTF_8);
    }
  }

  @Test
  @DisplayName("ends within a second or two though no one reads it")
  void unread() {
    logFlood();
    long start = System.nanoTime();
    context.stop();
    assertThat(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start)).isLessThan(5);
    // Until its thread has ended, which would otherwise write to what the next test reads.
    assertThatThrownBy(() -> reader.lines().count()).isInstanceOf(UncheckedIOException.class);
  }
}
