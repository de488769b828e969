package dev.sharder.examples.hub.secrets;

import ch.qos.logback.classic.pattern.ThrowableProxyConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.CoreConstants;

/**
 * Writes the exception of a line of the log. A server shows its stack trace, as it may be reported
 * nowhere else. A command also ends with an error, and shows the trace with --verbose only.
 */
final class LoggedFailure extends ThrowableProxyConverter {

  @Override
  public String convert(ILoggingEvent event) {
    boolean isShown =
        System.getProperty(LogConfiguration.QUEUED) != null
            || Boolean.getBoolean(LogConfiguration.VERBOSE);
    String trace = isShown ? super.convert(event) : "";
    // It ends with a line break of its own.
    return trace.isEmpty() ? "" : CoreConstants.LINE_SEPARATOR + trace.stripTrailing();
  }
}
