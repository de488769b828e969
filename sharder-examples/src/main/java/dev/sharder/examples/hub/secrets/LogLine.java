package dev.sharder.examples.hub.secrets;

import ch.qos.logback.classic.pattern.ThrowableProxyConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.CoreConstants;
import ch.qos.logback.core.LayoutBase;
import ch.qos.logback.core.util.CachingDateFormatter;
import java.util.Locale;
import java.util.TimeZone;

/**
 * A line of the log for people: without control characters, and in the zone that is set. Logback's
 * layout by a pattern prepares all that a pattern may have, which takes a tenth of a command.
 *
 * <p>A server shows the stack trace of an exception, as it may be reported nowhere else. A command
 * also ends with an error, and shows the trace with --verbose only.
 */
final class LogLine extends LayoutBase<ILoggingEvent> {

  private static final int LEVEL_WIDTH = 5;

  private final ThrowableProxyConverter traces = new ThrowableProxyConverter();

  /** Made for the first line, which most commands do without. */
  private static final class Time {
    static final CachingDateFormatter FORMAT =
        new CachingDateFormatter(
            "yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
            TimeZone.getTimeZone(System.getProperty(LogConfiguration.ZONE, "UTC")).toZoneId(),
            Locale.ROOT);
  }

  @Override
  public void start() {
    traces.setContext(getContext());
    traces.start();
    super.start();
  }

  @Override
  public String doLayout(ILoggingEvent event) {
    String level = event.getLevel().toString();
    String logger = event.getLoggerName();
    StringBuilder line = new StringBuilder();
    line.append(Time.FORMAT.format(event.getTimeStamp())).append(' ').append(level);
    line.append(" ".repeat(Math.max(0, LEVEL_WIDTH - level.length()) + 1));
    line.append(logger, logger.lastIndexOf('.') + 1, logger.length()).append(": ");
    appendPrintable(line, String.valueOf(event.getFormattedMessage()));
    if (event.getThrowableProxy() != null && showsTraces()) {
      // It ends with a line break of its own.
      line.append(CoreConstants.LINE_SEPARATOR).append(traces.convert(event).stripTrailing());
    }
    return line.append(CoreConstants.LINE_SEPARATOR).toString();
  }

  /** Nothing that breaks the line, or turns the direction of the text. */
  private static void appendPrintable(StringBuilder line, String message) {
    for (int i = 0; i < message.length(); i++) {
      char letter = message.charAt(i);
      boolean turns =
          (letter >= '\u202a' && letter <= '\u202e') || (letter >= '\u2066' && letter <= '\u2069');
      line.append(turns || Character.isISOControl(letter) ? '?' : letter);
    }
  }

  private static boolean showsTraces() {
    return System.getProperty(LogConfiguration.QUEUED) != null
        || Boolean.getBoolean(LogConfiguration.VERBOSE);
  }
}
