package dev.sharder.examples.hub.secrets;

import ch.qos.logback.classic.ClassicConstants;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.encoder.LayoutWrappingEncoder;
import ch.qos.logback.core.spi.ContextAwareBase;
import ch.qos.logback.core.status.NopStatusListener;

/**
 * The configuration of the log, which {@link LogProvider} uses, and Logback finds as a service. Its
 * XML would be read at the start of every command, and takes longer than a command does.
 */
public final class LogConfiguration extends ContextAwareBase implements Configurator {

  /** The property with the format: {@code text}, or {@code json}. */
  public static final String FORMAT = "SHARDER_LOG_FORMAT";

  /** The property with the time zone of the log, as the program itself is in UTC. */
  public static final String ZONE = "sharder.zone";

  /** The property by which the log of a server waits in a queue, and has stack traces. */
  public static final String QUEUED = "sharder.log.queued";

  /** The property by which the log of a command has stack traces, too. */
  public static final String VERBOSE = "sharder.verbose";

  private final String format;

  /** Configures the log in the format that {@link #FORMAT} names. */
  public LogConfiguration() {
    this(System.getProperty(FORMAT, "text"));
  }

  /** Configures the log in a format. */
  public LogConfiguration(String format) {
    this.format = format;
  }

  @Override
  public ExecutionStatus configure(LoggerContext context) {
    if (System.getProperty(ClassicConstants.CONFIG_FILE_PROPERTY) != null) {
      return ExecutionStatus.INVOKE_NEXT_IF_ANY;
    }
    context.getStatusManager().add(new NopStatusListener());
    context.getLogger("dev.sharder").setLevel(Level.INFO);
    // Our own lines report an unavailable database; this logger would add a stack trace for each
    // connection.
    context.getLogger("com.zaxxer.hikari").setLevel(Level.ERROR);
    // It logs what it also throws.
    context.getLogger("org.sqlite").setLevel(Level.OFF);
    Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    root.setLevel(Level.WARN);
    MaskedConsole console = console(context);
    root.addAppender(System.getProperty(QUEUED) == null ? console : queue(context, console));
    return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
  }

  private MaskedConsole console(LoggerContext context) {
    MaskedConsole console = new MaskedConsole();
    console.setContext(context);
    console.setTarget("System.err");
    console.setEncoder(format.equals("json") ? json(context) : text(context));
    console.start();
    return console;
  }

  /** Returns what writes lines for people. */
  public static Encoder<ILoggingEvent> text(LoggerContext context) {
    LogLine layout = new LogLine();
    layout.setContext(context);
    layout.start();
    LayoutWrappingEncoder<ILoggingEvent> text = new LayoutWrappingEncoder<>();
    text.setContext(context);
    text.setLayout(layout);
    text.start();
    return text;
  }

  private static Encoder<ILoggingEvent> json(LoggerContext context) {
    JsonEncoder json = new JsonEncoder();
    json.setContext(context);
    json.setWithFormattedMessage(true);
    json.setWithMessage(false);
    json.setWithArguments(false);
    json.setWithSequenceNumber(false);
    json.setWithNanoseconds(false);
    json.setWithContext(false);
    json.start();
    return json;
  }

  private static Appender<ILoggingEvent> queue(LoggerContext context, MaskedConsole console) {
    LogQueue queue = new LogQueue(console);
    queue.setContext(context);
    queue.start();
    return queue;
  }
}
