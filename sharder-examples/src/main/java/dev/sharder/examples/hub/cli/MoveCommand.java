package dev.sharder.examples.hub.cli;

import dev.sharder.admin.Move;
import dev.sharder.admin.MoveMode;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.examples.hub.cli.DatabaseOptions.Opened;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The command that moves an object. */
final class MoveCommand {

  private MoveCommand() {}

  @Command(
      name = "move",
      description = {
        "Moves an object to another bin.",
        "",
        "Its group, if it has one, moves with it. Stop its server and copy its data first: this"
            + " only",
        "changes where the sharder sends it."
      })
  static int move(
      @Mixin DatabaseOptions target,
      @Mixin OutputOptions output,
      @Mixin ChangeNoteOptions why,
      @Parameters(paramLabel = "OBJECT") String object,
      @Parameters(paramLabel = "BIN") String bin,
      @Option(
              names = "--expect-version",
              paramLabel = "N",
              description = "only if its assignment still has this version")
          @Nullable Long version,
      @Option(names = "--force", description = "also into a bin that is full, cordoned or draining")
          boolean force,
      @Option(names = "--dry-run", description = "list the objects that would move, and move none")
          boolean dryRun) {
    Move any = Move.of(object, bin);
    Move move = version == null ? any : any.ifVersion(version);
    MoveMode mode = force ? MoveMode.FORCED : MoveMode.CHECKED;
    try (Opened opened = target.open()) {
      NameHint.show(output, opened, object);
      ShardAdmin admin = opened.admin();
      if (dryRun) {
        output.all(OutputTable.assignments(), admin.movable(move, mode).iterator());
      } else {
        output.one(OutputTable.assignments(), admin.move(move, mode, why.note("moved by hand")));
      }
      return ExitCodes.DONE;
    }
  }
}
