package dev.sharder.examples.hub.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;
import picocli.CommandLine;

/** Runs the program's commands on one database, as a shell would, and keeps what they say. */
public record CommandShell(String database) {

  /** What came of a command. */
  public record CommandOutcome(int exitCode, String out, String err) {

    public CommandOutcome ended(int expected) {
      assertThat(exitCode).as("said: %s%s", out, err).isEqualTo(expected);
      return this;
    }

    public JsonNode json() {
      try {
        return new ObjectMapper().readTree(out);
      } catch (JsonProcessingException malformed) {
        throw new AssertionError("no JSON: " + out + err, malformed);
      }
    }

    /** One field of every row of a JSON array. */
    public List<String> each(String field) {
      return StreamSupport.stream(json().spliterator(), false)
          .map(row -> row.path(field).asText())
          .toList();
    }

    public List<String> lines() {
      return out.lines().toList();
    }
  }

  /** Runs a command on the database. */
  public CommandOutcome run(String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.add("--database");
    all.add(database);
    return runAsIs(all.toArray(String[]::new));
  }

  /** Runs a command, and expects an answer in JSON. */
  public CommandOutcome json(String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("--output", "json"));
    return run(all.toArray(String[]::new)).ended(0);
  }

  /** Returns the words that start the program in a process of its own, before its arguments. */
  public static List<String> program() {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-cp",
        System.getProperty("java.class.path"),
        HubSharder.class.getName());
  }

  public static CommandOutcome runAsIs(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine commandLine = HubSharder.commandLine();
    commandLine.setOut(new PrintWriter(out));
    commandLine.setErr(new PrintWriter(err, true));
    return new CommandOutcome(commandLine.execute(arguments), out.toString(), err.toString());
  }
}
