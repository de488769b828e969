package dev.sharder.examples.hub.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sharder.ConflictException;
import dev.sharder.InvalidValueException;
import dev.sharder.NoOpenBinException;
import dev.sharder.NotFoundException;
import dev.sharder.RefusedException;
import dev.sharder.SharderException;
import dev.sharder.examples.hub.config.SettingsException;
import dev.sharder.examples.hub.http.WholeNumber;
import dev.sharder.examples.hub.secrets.LogConfiguration;
import dev.sharder.examples.hub.secrets.Secrets;
import dev.sharder.examples.hub.server.StartException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TimeZone;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.TypeConversionException;

/** The program in {@code sharder.jar}: its commands, exit codes and one-line errors. */
@Command(
    name = "sharder",
    description = "Assigns each user to a hub once and remembers it permanently.",
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    versionProvider = HubSharder.Version.class,
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "1:the database, the network, a file or a policy failed",
      "2:an option, a value or the configuration is wrong",
      "3:there is no such object or bin",
      "4:something was refused, skipped or found wrong; the rest is done"
    })
public final class HubSharder {

  /** The commands that run until they are stopped. */
  private static final Set<String> SERVERS = Set.of("serve", "proxy", "chp");

  @Option(
      names = FailureWords.VERBOSE,
      scope = ScopeType.INHERIT,
      description = "show the stack trace of an error, too")
  private boolean isVerbose;

  HubSharder() {}

  /**
   * Runs the command and exits with its code.
   *
   * @param args see {@code --help}
   */
  public static void main(String[] args) {
    boolean isVerbose = FailureWords.areVerbose(args);
    System.setProperty(LogConfiguration.VERBOSE, String.valueOf(isVerbose));
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, failure) -> reportUncaught(thread, failure, isVerbose));
    int exitCode = ExitCodes.FAILED;
    try {
      // Not System.out, which hides that the disk is full or that no one reads.
      exitCode = run(args, new FileOutputStream(FileDescriptor.out), System.err);
    } catch (Throwable failure) {
      FailureWords.report(failure, isVerbose);
    } finally {
      LogFormat.flush();
    }
    // Also after an error, because the threads of a server would go on.
    System.exit(exitCode);
  }

  private static void reportUncaught(Thread thread, Throwable failure, boolean isVerbose) {
    if (LogFormat.isQueued()) {
      LoggerFactory.getLogger(HubSharder.class)
          .error("the thread {} ended: {}", thread.getName(), failure.toString(), failure);
    } else {
      FailureWords.report(failure, isVerbose);
    }
  }

  /** Runs the command and returns its exit code. */
  static int run(String[] args, OutputStream out, PrintStream err) {
    // Messages and their digits are in English.
    Locale.setDefault(Locale.ROOT);
    // The first log call sets up logging, so set this before any.
    System.setProperty(LogFormat.KEY, LogFormat.configured().word());
    if (SERVERS.contains(Subcommands.first(args))) {
      LogFormat.queue();
    }
    // Use a real terminal only, not a console that a library emulates.
    System.setProperty("jdk.console", "java.base");
    CommandLine commandLine = new CommandLine(new HubSharder());
    Subcommands.addUsed(commandLine, args);
    prepared(commandLine);
    commandLine.setExecutionStrategy(HubSharder::execute);
    // Names are written in UTF-8, independent of the locale.
    commandLine.setOut(new PrintWriter(new OutputStreamWriter(new StandardOutput(out), UTF_8)));
    commandLine.setErr(new PrintWriter(new OutputStreamWriter(err, UTF_8), true));
    return run(commandLine, args);
  }

  private static int run(CommandLine commandLine, String[] args) {
    try {
      ProcessArguments.checkEnvironment(System.getenv());
      int exitCode =
          commandLine.execute(FailureWords.verboseOnce(ProcessArguments.arguments(args)));
      return exitCode == ExitCodes.DONE && commandLine.getOut().checkError()
          ? fail(commandLine, "the output cannot be written", ExitCodes.FAILED)
          : exitCode;
    } catch (UsageException invalid) {
      return fail(commandLine, invalid.getMessage(), ExitCodes.USAGE);
    } catch (StandardOutput.ClosedException closed) {
      return ExitCodes.OUTPUT_CLOSED;
    }
  }

  /** Prepares the process for a command, where there is one: a version needs none of this. */
  private static int execute(ParseResult parsed) {
    if (parsed.hasSubcommand()) {
      prepareProcess();
    }
    return new RunLast().execute(parsed);
  }

  private static void prepareProcess() {
    // The driver sends the time zone to PostgreSQL, which knows fewer than Java; logs keep the
    // zone.
    System.setProperty(LogConfiguration.ZONE, TimeZone.getDefault().toZoneId().getId());
    TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
    // Drivers use java.util.logging, with its own format and with the user's input.
    SLF4JBridgeHandler.removeHandlersForRootLogger();
    SLF4JBridgeHandler.install();
  }

  /** Returns the program's commands, for programs that embed them. */
  public static CommandLine commandLine() {
    CommandLine commandLine = new CommandLine(new HubSharder());
    Subcommands.addAll(commandLine);
    return prepared(commandLine);
  }

  private static CommandLine prepared(CommandLine commandLine) {
    registerConverters(commandLine);
    commandLine.setCaseInsensitiveEnumValuesAllowed(true);
    commandLine.setUsageHelpAutoWidth(true);
    commandLine
        .getCommandSpec()
        .usageMessage()
        .footer(
            "",
            "Of the launcher alone: 'sharder archive' makes now what lets commands start fast.");
    // A name may start with any character, including @.
    commandLine.setExpandAtFiles(false);
    commandLine.setParameterExceptionHandler(HubSharder::reportUsage);
    commandLine.setExecutionExceptionHandler(
        (error, failed, parsed) ->
            report(
                failed,
                FailureWords.unwrapped(error),
                commandLine.<HubSharder>getCommand().isVerbose));
    return commandLine;
  }

  static void registerConverters(CommandLine commandLine) {
    commandLine.registerConverter(Long.class, HubSharder::number);
    commandLine.registerConverter(long.class, HubSharder::number);
    commandLine.registerConverter(Integer.class, HubSharder::smallNumber);
    commandLine.registerConverter(Path.class, HubSharder::path);
  }

  private static int report(CommandLine failed, Throwable error, boolean isVerbose) {
    if (StandardOutput.ClosedException.ended(error)) {
      return ExitCodes.OUTPUT_CLOSED;
    }
    OptionalInt expected = exitCode(error);
    int exitCode =
        expected.isPresent()
            ? fail(failed, error.getMessage(), expected.getAsInt())
            : fail(failed, FailureWords.line(error), ExitCodes.FAILED);
    if (isVerbose) {
      failed.getErr().print(FailureWords.trace(error));
      failed.getErr().flush();
    }
    return exitCode;
  }

  private static int reportUsage(ParameterException error, String[] args) {
    // The error may quote a URL whose password is not masked yet.
    Secrets.keepUrls(List.of(args));
    CommandLine failed = error.getCommandLine();
    String help = "; see '%s --help'".formatted(failed.getCommandSpec().qualifiedName());
    return fail(failed, error.getMessage() + help, ExitCodes.USAGE);
  }

  private static long number(String text) {
    OptionalLong number = WholeNumber.of(text);
    if (number.isEmpty()) {
      throw new TypeConversionException(
          "'%s' is not a whole number; use digits only, such as 2".formatted(text));
    }
    return number.getAsLong();
  }

  /** Caps the number, because one that is too large for an int is out of range for every option. */
  private static int smallNumber(String text) {
    return (int) Math.min(number(text), Integer.MAX_VALUE);
  }

  private static Path path(String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException unnamable) {
      throw new TypeConversionException(
          "'%s' cannot be a file name in this locale (%s); set LC_ALL=C.UTF-8"
              .formatted(text, System.getProperty("sun.jnu.encoding")));
    }
  }

  /** Empty for an unexpected error. */
  private static OptionalInt exitCode(Throwable error) {
    if (error instanceof SettingsException
        || error instanceof UsageException
        || error instanceof InvalidValueException) {
      return OptionalInt.of(ExitCodes.USAGE);
    }
    if (error instanceof NotFoundException) {
      return OptionalInt.of(ExitCodes.NOT_FOUND);
    }
    if (error instanceof ConflictException
        || error instanceof RefusedException
        || error instanceof NoOpenBinException) {
      return OptionalInt.of(ExitCodes.REFUSED);
    }
    if (error instanceof SharderException
        || error instanceof StartException
        || error instanceof UncheckedIOException) {
      return OptionalInt.of(ExitCodes.FAILED);
    }
    return OptionalInt.empty();
  }

  private static int fail(CommandLine failed, @Nullable String message, int exitCode) {
    String name = failed.getCommandSpec().qualifiedName();
    failed.getErr().println(name + ": " + FailureWords.oneLine(String.valueOf(message)));
    return exitCode;
  }

  /** Reads the version from the jar. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = HubSharder.class.getPackage().getImplementationVersion();
      return new String[] {"sharder " + (version == null ? "(not from a jar)" : version)};
    }
  }
}
