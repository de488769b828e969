package dev.sharder.examples.hub.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sharder.ConflictException;
import dev.sharder.InvalidValueException;
import dev.sharder.NoOpenBinException;
import dev.sharder.NotFoundException;
import dev.sharder.RefusedException;
import dev.sharder.SharderException;
import dev.sharder.examples.hub.config.SettingsException;
import dev.sharder.examples.hub.files.LocalNames;
import dev.sharder.examples.hub.http.WholeNumber;
import dev.sharder.examples.hub.secrets.LogConfiguration;
import dev.sharder.examples.hub.secrets.Secrets;
import dev.sharder.examples.hub.server.StartException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.Security;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.TypeConversionException;

/** The program in {@code sharder.jar}: its commands, exit codes and one-line errors. */
public final class HubSharder {

  /** The commands that run until they are stopped. */
  private static final Set<String> SERVERS = Set.of("serve", "proxy", "chp");

  private static final Map<String, String> EXIT_CODES = exitCodes();

  private HubSharder() {}

  private static Map<String, String> exitCodes() {
    Map<String, String> codes = new LinkedHashMap<>();
    codes.put("0", "done");
    codes.put("1", "the database, the network, a file or a policy failed");
    codes.put("2", "an option, a value or the configuration is wrong");
    codes.put("3", "there is no such object or bin");
    codes.put("4", "something was refused, skipped or found wrong; the rest is done");
    return codes;
  }

  /**
   * Runs the command and exits with its code.
   *
   * @param args see {@code --help}
   */
  public static void main(String[] args) {
    boolean isVerbose = FailureWords.areVerbose(args);
    System.setProperty(LogConfiguration.VERBOSE, String.valueOf(isVerbose));
    Thread.setDefaultUncaughtExceptionHandler(new UncaughtReport(isVerbose));
    int exitCode = ExitCodes.FAILED;
    try {
      // Not System.out, which hides that the disk is full or that no one reads.
      exitCode =
          run(args, new StandardOutput(new FileOutputStream(FileDescriptor.out)), System.err);
    } catch (Throwable failure) {
      FailureWords.report(failure, isVerbose);
    } finally {
      LogFormat.flush();
    }
    // Also after an error, because the threads of a server would go on.
    System.exit(exitCode);
  }

  /** Not a lambda: the first one of a program takes 6 ms, which another thread spends meanwhile. */
  private record UncaughtReport(boolean isVerbose) implements Thread.UncaughtExceptionHandler {
    @Override
    public void uncaughtException(Thread thread, Throwable failure) {
      if (LogFormat.isQueued()) {
        LoggerFactory.getLogger(HubSharder.class)
            .error("the thread {} ended: {}", thread.getName(), failure.toString(), failure);
      } else {
        FailureWords.report(failure, isVerbose);
      }
    }
  }

  /** Runs the command and returns its exit code. */
  static int run(String[] args, StandardOutput out, PrintStream err) {
    // Messages and their digits are in English.
    Locale.setDefault(Locale.ROOT);
    // The first log call sets up logging, so set this before any.
    System.setProperty(LogFormat.KEY, LogFormat.configured().word());
    if (SERVERS.contains(Subcommands.first(args))) {
      LogFormat.queue();
      // Java remembers an address for 30 s, and a host that restarts may get another one. The proxy
      // has a memory of its own.
      Security.setProperty("networkaddress.cache.ttl", "1");
      // Else a name server that fails once makes a hub unknown for 10 s.
      Security.setProperty("networkaddress.cache.negative.ttl", "0");
    }
    // Use a real terminal only, not a console that a library emulates.
    System.setProperty("jdk.console", "java.base");
    // Picocli would open the jar to look for Groovy.
    System.setProperty("picocli.disable.closures", "true");
    // Picocli would load converters for java.sql, java.time and Path. Only Path is used, and it has
    // a converter of ours.
    System.setProperty("picocli.converters.excludes", "java.*");
    if (Subcommands.isVersion(args)) {
      return run(withCommands(args, out, err), args);
    }
    Preparation preparation = Preparation.start(args);
    try {
      CommandLine commandLine = withCommands(args, out, err);
      commandLine.setExecutionStrategy(
          parsed -> {
            preparation.await();
            return execute(parsed);
          });
      return run(commandLine, args);
    } finally {
      // What ends the log needs it complete, also after an error.
      preparation.end();
    }
  }

  private static CommandLine withCommands(String[] args, StandardOutput out, PrintStream err) {
    CommandLine commandLine = new CommandLine(program());
    Subcommands.addUsed(commandLine, args);
    prepared(commandLine);
    // Names are written in UTF-8, independent of the locale.
    commandLine.setOut(new PrintWriter(new OutputStreamWriter(out, UTF_8)));
    commandLine.setErr(new PrintWriter(new OutputStreamWriter(err, UTF_8), true));
    return commandLine;
  }

  private static int run(CommandLine commandLine, String[] args) {
    try {
      ProcessArguments.checkEnvironment(System.getenv());
      int exitCode =
          commandLine.execute(FailureWords.verboseOnce(ProcessArguments.arguments(args)));
      return exitCode == ExitCodes.DONE && commandLine.getOut().checkError()
          ? fail(commandLine, StandardOutput.UNWRITABLE, ExitCodes.FAILED)
          : exitCode;
    } catch (UsageException invalid) {
      return fail(commandLine, invalid.getMessage(), ExitCodes.USAGE);
    } catch (StandardOutput.ClosedException closed) {
      return ExitCodes.OUTPUT_CLOSED;
    }
  }

  /** Returns the program's commands, for programs that embed them. */
  public static CommandLine commandLine() {
    CommandLine commandLine = new CommandLine(program());
    Subcommands.addAll(commandLine);
    return prepared(commandLine);
  }

  /** Without annotations, because picocli would read those of {@link Object}, too. */
  private static CommandSpec program() {
    CommandSpec program =
        CommandSpec.create()
            .name("sharder")
            .versionProvider(new Version())
            .scopeType(ScopeType.INHERIT)
            .addOption(
                flag("Show this help message and exit.", "-h", "--help").usageHelp(true).build())
            .addOption(
                flag("Print version information and exit.", "-V", "--version")
                    .versionHelp(true)
                    .build())
            .addOption(flag("show the stack trace of an error, too", FailureWords.VERBOSE).build());
    program
        .usageMessage()
        .description("Assigns each user to a hub once and remembers it permanently.")
        .exitCodeListHeading("%nExit codes:%n")
        .exitCodeList(EXIT_CODES);
    return program;
  }

  /** Returns an option that all commands have. */
  private static OptionSpec.Builder flag(String description, String... names) {
    return OptionSpec.builder(names)
        .type(boolean.class)
        .scopeType(ScopeType.INHERIT)
        .description(description);
  }

  private static CommandLine prepared(CommandLine commandLine) {
    registerConverters(commandLine);
    commandLine.setCaseInsensitiveEnumValuesAllowed(true);
    commandLine.setUsageHelpAutoWidth(true);
    // Now, because the commands would inherit it.
    commandLine
        .getCommandSpec()
        .usageMessage()
        .footer(
            "",
            "The launcher also has 'sharder archive': it builds the class archive that makes"
                + " commands start fast.");
    // A name may start with any character, including @.
    commandLine.setExpandAtFiles(false);
    commandLine.setParameterExceptionHandler(HubSharder::reportUsage);
    commandLine.setExecutionStrategy(HubSharder::execute);
    commandLine.setExecutionExceptionHandler(
        (error, failed, parsed) ->
            report(
                failed,
                FailureWords.unwrapped(error),
                FailureWords.areVerbose(parsed.originalArgs().toArray(String[]::new))));
    return commandLine;
  }

  static void registerConverters(CommandLine commandLine) {
    commandLine.registerConverter(Long.class, HubSharder::number);
    commandLine.registerConverter(long.class, HubSharder::number);
    commandLine.registerConverter(Integer.class, HubSharder::smallNumber);
    commandLine.registerConverter(Path.class, HubSharder::path);
  }

  /** Runs the command, if its options go together. */
  private static int execute(ParseResult parsed) {
    for (CommandLine command : parsed.asCommandLineList()) {
      for (CommandSpec mixin : command.getCommandSpec().mixins().values()) {
        if (mixin.userObject() instanceof OutputOptions output) {
          output.check();
        }
      }
    }
    return new RunLast().execute(parsed);
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
      return LocalNames.path(text);
    } catch (InvalidPathException unnamable) {
      throw new TypeConversionException(
          "'%s' cannot be a file name in this locale (%s); set LC_ALL=C.UTF-8"
              .formatted(text, LocalNames.encoding()));
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
