package dev.sharder.examples.hub.secrets;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.core.ConsoleAppender;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Writes the log to the console, in any format, and masks {@link Secrets} in messages and
 * exceptions, including those logged by libraries.
 */
public final class MaskedConsole extends ConsoleAppender<ILoggingEvent> {

  @Override
  protected void append(ILoggingEvent event) {
    String message = event.getFormattedMessage();
    boolean isHarmless =
        event.getThrowableProxy() == null
            && (message == null || Secrets.masked(message).equals(message));
    super.append(isHarmless ? event : masked(ILoggingEvent.class, event));
  }

  private static <T> T masked(Class<T> type, T real) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> masked(method.invoke(real, arguments))));
  }

  /** Masks every text of an event or an exception. */
  private static @Nullable Object masked(@Nullable Object given) {
    if (given instanceof String text) {
      return Secrets.masked(text);
    }
    if (given instanceof IThrowableProxy cause) {
      return masked(IThrowableProxy.class, cause);
    }
    if (given instanceof IThrowableProxy[] suppressed) {
      return Arrays.stream(suppressed)
          .map(one -> masked(IThrowableProxy.class, one))
          .toArray(IThrowableProxy[]::new);
    }
    return given;
  }
}
