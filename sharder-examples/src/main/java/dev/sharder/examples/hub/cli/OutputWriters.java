package dev.sharder.examples.hub.cli;

import java.io.PrintWriter;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Where a command writes: what it was asked for, and what people should know besides. */
// Picocli takes no mixin without options but one with this annotation.
@Command
class OutputWriters {

  @Spec(Spec.Target.MIXEE)
  private @Nullable CommandSpec command;

  private @Nullable PrintWriter out;
  private @Nullable PrintWriter err;

  final PrintWriter out() {
    if (out == null) {
      out = Terminal.harmless(spec().commandLine().getOut(), false);
    }
    return out;
  }

  final PrintWriter err() {
    if (err == null) {
      err = Terminal.harmless(spec().commandLine().getErr(), true);
    }
    return err;
  }

  final CommandSpec spec() {
    if (command == null) {
      throw new IllegalStateException("used outside of a command");
    }
    return command;
  }
}
