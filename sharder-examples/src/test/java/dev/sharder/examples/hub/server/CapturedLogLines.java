package dev.sharder.examples.hub.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** What is logged while it is open, whatever the level is otherwise. */
public record CapturedLogLines(
    Logger logger, @Nullable Level before, ListAppender<ILoggingEvent> appender)
    implements AutoCloseable {

  public static CapturedLogLines of(Class<?> source) {
    Logger logger = (Logger) LoggerFactory.getLogger(source);
    CapturedLogLines log = new CapturedLogLines(logger, logger.getLevel(), new ListAppender<>());
    logger.setLevel(Level.INFO);
    log.appender.start();
    logger.addAppender(log.appender);
    return log;
  }

  public List<String> lines() {
    return List.copyOf(appender.list).stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  @Override
  public void close() {
    logger.detachAppender(appender);
    logger.setLevel(before);
  }
}
