package dev.sharder.examples.hub.secrets;

import ch.qos.logback.classic.pattern.ThrowableProxyConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.CoreConstants;

/**
 * Writes the exception of a line of the log. Only this program's own lines have a stack trace: what
 * a library logs is also thrown, and reported once, unless --verbose asks for all.
 */
final class LoggedFailure extends ThrowableProxyConverter {

  private static final String OURS = "dev.sharder.";

  @Override
  public String convert(ILoggingEvent event) {
    boolean isShown =
        event.getLoggerName().startsWith(OURS) || Boolean.getBoolean(LogConfiguration.VERBOSE);
    String trace = isShown ? super.convert(event) : "";
    // It ends with a line break of its own.
    return trace.isEmpty() ? "" : CoreConstants.LINE_SEPARATOR + trace.stripTrailing();
  }
}
