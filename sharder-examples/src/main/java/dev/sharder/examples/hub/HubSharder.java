package dev.sharder.examples.hub;

import dev.sharder.SharderException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.ScopeType;

/** The program in {@code sharder.jar}: its commands, its exit codes, its errors in one line. */
@Command(
    name = "sharder",
    description = "Gives every user a hub, once, and remembers it for ever.",
    subcommands = Serve.class,
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    versionProvider = HubSharder.Version.class,
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "1:the database, the network or the bins stood in the way",
      "2:an option or the configuration is wrong"
    })
public final class HubSharder {

  HubSharder() {}

  /**
   * Runs the command and exits with its code.
   *
   * @param args see {@code --help}
   */
  public static void main(String[] args) {
    // Messages are in English, and so are the digits in them.
    Locale.setDefault(Locale.ROOT);
    System.exit(commandLine().execute(args));
  }

  static CommandLine commandLine() {
    CommandLine commandLine = new CommandLine(new HubSharder());
    commandLine.setParameterExceptionHandler(
        (error, args) -> {
          CommandLine failed = error.getCommandLine();
          String help = "; see '%s --help'".formatted(failed.getCommandSpec().qualifiedName());
          return fail(failed, error.getMessage() + help, ExitCode.USAGE);
        });
    commandLine.setExecutionExceptionHandler(
        (error, failed, parsed) -> {
          if (error instanceof SettingsException) {
            return fail(failed, error.getMessage(), ExitCode.USAGE);
          }
          if (error instanceof SharderException || error instanceof StartException) {
            return fail(failed, error.getMessage(), ExitCode.SOFTWARE);
          }
          throw error;
        });
    return commandLine;
  }

  private static int fail(CommandLine failed, @Nullable String message, int exitCode) {
    String line = String.valueOf(message).strip().replaceAll("\\s*\\R\\s*", " ");
    failed.getErr().println(failed.getCommandSpec().qualifiedName() + ": " + line);
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
