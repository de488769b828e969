package dev.sharder.examples.hub.cli;

import java.lang.reflect.Method;
import java.util.List;
import java.util.stream.Stream;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/**
 * The commands of {@code sharder}, in the order of its help. Picocli reads the annotations of each
 * command that it is given, which takes longer than most commands run: give it only what is used.
 */
final class Subcommands {

  private static final String COMPLETION = "generate-completion";

  private static final List<String> NAMES =
      List.of(
          "serve",
          "proxy",
          "bin",
          "schema",
          COMPLETION,
          "assign",
          "explain",
          "find",
          "history",
          "list",
          "move",
          "remove",
          "bins",
          "apply",
          "rebalance",
          "simulate",
          "import",
          "export",
          "verify",
          "nginx-map",
          "chp");

  private static final List<String> VERSION = List.of("-V", "--version");

  private Subcommands() {}

  static void addAll(CommandLine program) {
    NAMES.forEach(name -> program.addSubcommand(name, command(name)));
  }

  /** Returns the first argument, where the name of a command may be; empty if there is none. */
  static String first(String[] arguments) {
    return Stream.of(arguments)
        .filter(argument -> !argument.equals(FailureWords.VERBOSE))
        .findFirst()
        .orElse("");
  }

  /** Adds the command that the arguments name; all of them if it takes all to answer. */
  static void addUsed(CommandLine program, String[] arguments) {
    String first = first(arguments);
    if (NAMES.contains(first) && !first.equals(COMPLETION)) {
      program.addSubcommand(first, command(first));
    } else if (arguments.length != 1 || !VERSION.contains(first)) {
      addAll(program);
    }
  }

  private static Object command(String name) {
    return switch (name) {
      case "serve" -> new ServeCommand();
      case "proxy" -> new ProxyCommand();
      case "bin" -> new BinCommands();
      case "schema" -> new SchemaCommand();
      case COMPLETION -> new AutoComplete.GenerateCompletion();
      case "bins" -> method(BinCommands.BinsCommand.class, name);
      case "apply", "rebalance" -> method(PlanCommands.class, name);
      case "simulate" -> method(SimulateCommand.class, name);
      case "import" -> method(ImportCommand.class, name);
      case "export", "verify" -> method(DataCommands.class, name);
      case "nginx-map" -> method(NginxMapCommand.class, name);
      case "chp" -> chp();
      default -> method(ObjectCommands.class, name);
    };
  }

  private static Method method(Class<?> commands, String name) {
    return CommandLine.getCommandMethods(commands, null).stream()
        .filter(method -> method.getAnnotation(Command.class).name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static CommandLine chp() {
    CommandLine chp = new CommandLine(new ChpCommand());
    // As with configurable-http-proxy, the last one counts.
    chp.setOverwrittenOptionsAllowed(true);
    return chp;
  }
}
