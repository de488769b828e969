package dev.sharder.examples.hub.cli;

import dev.sharder.examples.hub.proxy.chp.ChpOptions;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Stream;
import picocli.CommandLine;

/** Command lines of configurable-http-proxy, as the program reads them. */
public final class ChpLine {

  private ChpLine() {}

  /** Returns what a line and variables say, without the name of the program. */
  public static ChpOptions options(Map<String, String> environment, String... line) {
    CommandLine program = HubSharder.commandLine();
    program.parseArgs(words(line));
    ChpCommand command = program.getSubcommands().get("chp").getCommand();
    return command.options(environment);
  }

  static String[] words(String... line) {
    return Stream.concat(Stream.of("chp"), Arrays.stream(line)).toArray(String[]::new);
  }
}
