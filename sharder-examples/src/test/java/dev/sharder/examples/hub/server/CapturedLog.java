package dev.sharder.examples.hub.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.OutputStreamAppender;
import dev.sharder.examples.hub.secrets.LogConfiguration;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.regex.Pattern;
import org.slf4j.LoggerFactory;

/** What the program would write to its log, letter by letter, instead of writing it. */
public final class CapturedLog implements AutoCloseable {

  private static final Pattern LINE =
      Pattern.compile("\\d{4}-\\d\\d-\\d\\dT\\S+ (DEBUG|INFO |WARN |ERROR) \\w+: (?!new hub-9).*");

  private final Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
  private final List<Appender<ILoggingEvent>> others = new ArrayList<>();
  private final ByteArrayOutputStream written = new ByteArrayOutputStream();
  private final OutputStreamAppender<ILoggingEvent> appender = new OutputStreamAppender<>();

  private CapturedLog() {}

  public static CapturedLog start() {
    CapturedLog log = new CapturedLog();
    log.appender.setContext(log.root.getLoggerContext());
    log.appender.setEncoder(LogConfiguration.text(log.root.getLoggerContext()));
    log.appender.setOutputStream(log.written);
    log.appender.start();
    for (Iterator<Appender<ILoggingEvent>> all = log.root.iteratorForAppenders(); all.hasNext(); ) {
      log.others.add(all.next());
    }
    log.others.forEach(log.root::detachAppender);
    log.root.addAppender(log.appender);
    ((Logger) LoggerFactory.getLogger("dev.sharder")).setLevel(Level.INFO);
    return log;
  }

  public void forget() {
    written.reset();
  }

  /** What was written since, cut at every kind of line break. */
  public List<String> lines() {
    String text = written.toString(StandardCharsets.UTF_8);
    return text.isEmpty() ? List.of() : List.of(text.split("\\R"));
  }

  /** Returns whether a line is one of the program's own, and not from its input. */
  public static boolean isLine(String line) {
    return LINE.matcher(line).matches() && line.chars().noneMatch(Character::isISOControl);
  }

  @Override
  public void close() {
    root.detachAppender(appender);
    appender.stop();
    others.forEach(root::addAppender);
    ((Logger) LoggerFactory.getLogger("dev.sharder")).setLevel(null);
  }
}
