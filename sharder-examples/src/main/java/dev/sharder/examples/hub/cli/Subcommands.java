package dev.sharder.examples.hub.cli;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.List;
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
          "kinds",
          "apply",
          "rebalance",
          "simulate",
          "import",
          "export",
          "verify",
          "nginx-map",
          "chp");

  private static final List<String> WITHOUT_DATABASE = List.of("schema", COMPLETION, "chp");

  private static final List<String> VERSION = List.of("-V", "--version");

  private Subcommands() {}

  static void addAll(CommandLine program) {
    NAMES.forEach(name -> program.addSubcommand(name, command(name)));
  }

  /** Returns the first argument, where the name of a command may be; empty if there is none. */
  static String first(String[] arguments) {
    for (String argument : arguments) {
      if (!argument.equals(FailureWords.VERBOSE)) {
        return argument;
      }
    }
    return "";
  }

  /** Returns whether this is a command that opens a database. */
  static boolean usesDatabase(String name) {
    return NAMES.contains(name) && !WITHOUT_DATABASE.contains(name);
  }

  /**
   * Reads annotations of a command as picocli will, in another thread: Java makes a class for each
   * of their types when it first reads one.
   */
  static void readAnnotations(String name) {
    if (command(name) instanceof Method method) {
      method.getParameterAnnotations();
    }
    for (Field option : ConfigOptions.class.getDeclaredFields()) {
      option.getAnnotations();
    }
  }

  /** Returns whether the arguments ask for the version alone. */
  static boolean isVersion(String[] arguments) {
    return arguments.length == 1 && VERSION.contains(arguments[0]);
  }

  /** Adds the command that the arguments name; all of them if it takes all to answer. */
  static void addUsed(CommandLine program, String[] arguments) {
    String first = first(arguments);
    if (NAMES.contains(first) && !first.equals(COMPLETION)) {
      program.addSubcommand(first, command(first));
    } else if (!isVersion(arguments)) {
      addAll(program);
    }
  }

  private static Object command(String name) {
    return switch (name) {
      case "serve" -> new ServeCommand();
      case "proxy" -> new ProxyCommand();
      case "bin" -> new BinCommands();
      case "schema" -> new SchemaCommand();
      case COMPLETION -> completion();
      case "bins" -> method(BinCommands.BinsCommand.class, name);
      case "kinds" -> method(BinCommands.KindsCommand.class, name);
      case "apply", "rebalance" -> method(PlanCommands.class, name);
      case "simulate" -> method(SimulateCommand.class, name);
      case "move" -> method(MoveCommand.class, name);
      case "import" -> method(ImportCommand.class, name);
      case "export" -> method(ExportCommand.class, name);
      case "verify" -> method(VerifyCommand.class, name);
      case "nginx-map" -> method(NginxMapCommand.class, name);
      case "chp" -> chp();
      default -> method(ObjectCommands.class, name);
    };
  }

  /**
   * Returns the method of a command. Most have its name, and reading all annotations takes long.
   */
  private static Method method(Class<?> commands, String name) {
    String wanted = name.replace("-", "");
    for (Method method : commands.getDeclaredMethods()) {
      if (method.getName().equalsIgnoreCase(wanted) && method.isAnnotationPresent(Command.class)) {
        return method;
      }
    }
    return CommandLine.getCommandMethods(commands, null).stream()
        .filter(method -> method.getAnnotation(Command.class).name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static CommandLine completion() {
    CommandLine completion = new CommandLine(new AutoComplete.GenerateCompletion());
    // All commands have the program's.
    completion.getCommandSpec().mixinStandardHelpOptions(false);
    return completion;
  }

  private static CommandLine chp() {
    CommandLine chp = new CommandLine(new ChpCommand());
    // As with configurable-http-proxy, the last one counts.
    chp.setOverwrittenOptionsAllowed(true);
    return chp;
  }
}
