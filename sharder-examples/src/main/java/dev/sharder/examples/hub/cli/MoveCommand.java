package dev.sharder.examples.hub.cli;

import dev.sharder.Assignment;
import dev.sharder.BinLoad;
import dev.sharder.BinState;
import dev.sharder.ConflictException;
import dev.sharder.RefusedException;
import dev.sharder.admin.Move;
import dev.sharder.admin.MoveMode;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.examples.hub.cli.DatabaseOptions.Opened;
import dev.sharder.store.Listing;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.StreamSupport;
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
      if (dryRun) {
        return listUnit(output, opened, move, mode);
      }
      output.one(
          OutputTable.assignments(), opened.admin().move(move, mode, why.note("moved by hand")));
      return ExitCodes.DONE;
    }
  }

  /** Lists the objects that would move; throws what the move would. */
  private static int listUnit(OutputOptions output, Opened opened, Move move, MoveMode mode) {
    ShardAdmin admin = opened.admin();
    Optional<Assignment> found = admin.find(move.object());
    if (found.isEmpty()) {
      return ObjectCommands.unknown(output, opened, move.object());
    }
    OptionalLong version = move.version();
    if (version.isPresent() && version.getAsLong() != found.get().version()) {
      throw new ConflictException(version, found.get());
    }
    BinLoad to = admin.bin(move.to());
    List<Assignment> unit =
        found.get().bin().equals(to.name()) ? List.of() : unit(admin, found.get());
    check(to, unit, mode);
    output.all(OutputTable.assignments(), unit.iterator());
    return ExitCodes.DONE;
  }

  /** Returns an object and the other members of its group. */
  private static List<Assignment> unit(ShardAdmin admin, Assignment one) {
    if (one.group().isEmpty()) {
      return List.of(one);
    }
    Iterable<Assignment> all =
        () -> admin.list(Listing.all(ObjectCommands.PAGE).ofBins(Set.of(one.bin())));
    return StreamSupport.stream(all.spliterator(), false)
        .filter(member -> member.group().equals(one.group()))
        .toList();
  }

  /** Throws if the bin would refuse the objects. */
  private static void check(BinLoad target, List<Assignment> unit, MoveMode mode) {
    long size = unit.stream().mapToLong(Assignment::size).sum();
    Optional<String> refusal = target.refusal(size);
    boolean isRetired = target.bin().state() == BinState.RETIRED;
    if (unit.isEmpty() || refusal.isEmpty() || (mode == MoveMode.FORCED && !isRetired)) {
      return;
    }
    Assignment one = unit.get(0);
    throw new RefusedException(
        "object '%s' of kind '%s' would stay in '%s': bin '%s' %s; choose another, %s"
            .formatted(
                one.object(),
                one.kind(),
                one.bin(),
                target.name(),
                refusal.get(),
                isRetired ? "or open it first" : "or force the move"));
  }
}
