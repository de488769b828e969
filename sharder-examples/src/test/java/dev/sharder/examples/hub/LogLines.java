package dev.sharder.examples.hub;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** What is logged while it is open, whatever the level is otherwise. */
record LogLines(Logger logger, @Nullable Level before, ListAppender<ILoggingEvent> appender)
    implements AutoCloseable {

  static LogLines of(Class<?> source) {
    Logger logger = (Logger) LoggerFactory.getLogger(source);
    LogLines log = new LogLines(logger, logger.getLevel(), new ListAppender<>());
    logger.setLevel(Level.INFO);
    log.appender.start();
    logger.addAppender(log.appender);
    return log;
  }

  List<String> lines() {
    return List.copyOf(appender.list).stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  @Override
  public void close() {
    logger.detachAppender(appender);
    logger.setLevel(before);
  }
}
