package dev.sharder.examples.hub.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.sharder.InvalidValueException;
import dev.sharder.admin.Move;
import dev.sharder.admin.Plan;
import dev.sharder.admin.PlanOptions;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.examples.hub.cli.DatabaseOptions.Opened;
import dev.sharder.examples.hub.cli.LineReader.NumberedLine;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The commands that move many objects. */
final class PlanCommands {

  @Command(
      name = "rebalance",
      description = {
        "Evens out the open bins with the fewest moves.",
        "",
        "Objects that change meanwhile are skipped and reported. If interrupted, run it again to",
        "continue. 'apply' applies a saved plan."
      })
  static int rebalance(
      @Mixin DatabaseOptions target,
      @Mixin OutputOptions output,
      @Mixin ChangeNoteOptions why,
      @Mixin ConfirmOptions consent,
      @Mixin PlanLimitOptions limits,
      @Option(names = "--only", paramLabel = "BIN", description = "only among these bins; repeat")
          @Nullable List<String> only,
      @Option(
              names = "--threshold",
              paramLabel = "LOAD",
              defaultValue = "0",
              description = {
                "move nothing unless the loads per weight of the fullest and the emptiest bin",
                "come closer by this much (default: ${DEFAULT-VALUE})"
              })
          double threshold) {
    PlanOptions options = limits.among(only, threshold);
    try (Opened opened = target.open()) {
      ShardAdmin admin = opened.admin();
      Plan plan = admin.planRebalance(options);
      PlanRunner plans = new PlanRunner(admin, output);
      if (limits.save() != null || consent.isDryRun()) {
        return plans.report(plan, limits.save());
      }
      plans.showToPeople(plan);
      if (plan.moves() > 0 && !consent.isGiven("Move %d?".formatted(plan.moves()))) {
        return ExitCodes.DONE;
      }
      return plans.move(
          admin::planRebalance,
          options,
          progress -> admin.rebalance(options, why.note("rebalanced by hand"), progress));
    }
  }

  @Command(
      name = "apply",
      description = {
        "Applies moves that 'rebalance' or 'bin drain' saved.",
        "",
        "The file has one move per line, as a JSON object, and may be edited. The command may be",
        "interrupted and run again: no object moves twice, and changed ones are skipped and"
            + " reported."
      })
  static int apply(
      @Mixin DatabaseOptions target,
      @Mixin OutputOptions output,
      @Mixin ChangeNoteOptions why,
      @Mixin ConfirmOptions consent,
      @Parameters(paramLabel = "FILE") Path file) {
    // Read everything before the first move, so that a bad line is reported first.
    InputFile plan = InputFile.toReadAgain(file);
    long count = 0;
    for (Iterator<Move> moves = moves(plan); moves.hasNext(); count++) {
      moves.next();
    }
    try (Opened opened = target.open()) {
      PlanRunner plans = new PlanRunner(opened.admin(), output);
      if (consent.isDryRun()) {
        output.all(OutputTable.moves(), moves(plan));
        return ExitCodes.DONE;
      }
      if (count > 0 && !consent.isGiven("Move %d?".formatted(count))) {
        return ExitCodes.DONE;
      }
      return plans.apply(moves(plan), count, why.note("moved by the plan " + file.getFileName()));
    }
  }

  private static Iterator<Move> moves(InputFile file) {
    Iterator<NumberedLine> lines = LineReader.of(file);
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return lines.hasNext();
      }

      @Override
      public Move next() {
        return move(file, lines.next());
      }
    };
  }

  private static Move move(InputFile file, NumberedLine line) {
    try {
      JsonNode fields = LineReader.json(line, Set.of("object", "from", "to", "version"));
      JsonNode version = fields.path("version");
      if (!version.isIntegralNumber() || !version.canConvertToLong()) {
        throw new InvalidValueException(
            version.isMissingNode()
                ? "it has no version"
                : "its version %s is not a whole number up to %d"
                    .formatted(version, Long.MAX_VALUE));
      }
      return new Move(
          LineReader.text(fields, "object"),
          Optional.of(LineReader.text(fields, "from")),
          LineReader.text(fields, "to"),
          OptionalLong.of(version.asLong()));
    } catch (JsonProcessingException | InvalidValueException wrong) {
      throw new UsageException(
          "%s line %d is not a move: %s; write it like {\"object\": \"ada\", \"from\": \"hub-1\", \"to\": \"hub-2\", \"version\": 1}"
              .formatted(file, line.number(), LineReader.reason(line, wrong)));
    }
  }
}
