package dev.sharder.examples.hub.secrets;

import ch.qos.logback.classic.ClassicConstants;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.CoreConstants;
import java.util.List;
import org.slf4j.ILoggerFactory;
import org.slf4j.IMarkerFactory;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;
import org.slf4j.helpers.BasicMarkerFactory;
import org.slf4j.helpers.Reporter;
import org.slf4j.spi.MDCAdapter;
import org.slf4j.spi.SLF4JServiceProvider;

/**
 * Logback with the configuration of {@link LogConfiguration}. Logback's own provider looks through
 * the jar for providers, configurators and versions, which takes longer than all else about the log
 * of a command.
 */
public final class LogProvider implements SLF4JServiceProvider {

  /** Properties by which users choose another log, or have its setup reported. */
  private static final List<String> SET_BY_USERS =
      List.of(
          LoggerFactory.PROVIDER_PROPERTY_KEY,
          Reporter.SLF4J_INTERNAL_VERBOSITY_KEY,
          ClassicConstants.CONFIG_FILE_PROPERTY,
          CoreConstants.STATUS_LISTENER_CLASS_KEY);

  private final LoggerContext context = new LoggerContext();
  private final IMarkerFactory markers = new BasicMarkerFactory();
  private final LogbackMDCAdapter mdc = new LogbackMDCAdapter();

  /**
   * Makes this the log of the process, unless a system property chooses another. Called before the
   * first line.
   */
  public static void use() {
    if (SET_BY_USERS.stream().allMatch(property -> System.getProperty(property) == null)) {
      System.setProperty(LoggerFactory.PROVIDER_PROPERTY_KEY, LogProvider.class.getName());
      // Otherwise a line would say that it is used.
      System.setProperty(Reporter.SLF4J_INTERNAL_VERBOSITY_KEY, "WARN");
    }
  }

  /**
   * Sends to this log what drivers log by {@code java.util.logging}; otherwise it would go to
   * standard error, unmasked and in another format. Loading that takes long, so this is called only
   * where a driver may use it. Thread-safe.
   */
  public static synchronized void bridge() {
    if (!SLF4JBridgeHandler.isInstalled()) {
      SLF4JBridgeHandler.removeHandlersForRootLogger();
      SLF4JBridgeHandler.install();
    }
  }

  @Override
  public void initialize() {
    context.setName(CoreConstants.DEFAULT_CONTEXT_NAME);
    context.setMDCAdapter(mdc);
    new LogConfiguration().configure(context);
    context.start();
  }

  @Override
  public ILoggerFactory getLoggerFactory() {
    return context;
  }

  @Override
  public IMarkerFactory getMarkerFactory() {
    return markers;
  }

  @Override
  public MDCAdapter getMDCAdapter() {
    return mdc;
  }

  @Override
  public String getRequestedApiVersion() {
    return "2.0.99";
  }
}
