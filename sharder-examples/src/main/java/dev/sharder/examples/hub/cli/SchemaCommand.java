package dev.sharder.examples.hub.cli;

import dev.sharder.jdbc.SchemaScript;
import java.io.PrintWriter;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Prints the SQL that creates the tables. */
@Command(
    name = "schema",
    description = {
      "Prints the SQL that creates the tables, for an operator to run.",
      "",
      "It needs no database. On tables that it created, the other commands and 'serve' create and",
      "update nothing."
    })
final class SchemaCommand implements Callable<Integer> {

  @Option(
      names = "--for",
      paramLabel = "DATABASE",
      required = true,
      description = "citus, postgresql, sqlite or mariadb")
  private SchemaScript script = SchemaScript.POSTGRESQL;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() {
    PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
    out.print(script.text());
    out.flush();
    return ExitCodes.DONE;
  }
}
