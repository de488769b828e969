package dev.sharder.examples.hub.cli;

import dev.sharder.BinLoad;
import dev.sharder.admin.Move;
import dev.sharder.admin.MoveCounts;
import dev.sharder.admin.MoveResult;
import dev.sharder.admin.Note;
import dev.sharder.admin.Plan;
import dev.sharder.admin.PlanOptions;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.examples.hub.cli.Terminal.Meter;
import dev.sharder.examples.hub.files.FileFailure;
import dev.sharder.examples.hub.server.PrivateFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Shows plans, saves them, and applies them. */
final class PlanRunner {

  /** A bin of the plan, before and after. */
  private record LevelRow(BinLoad before, BinLoad after) {}

  private static final OutputTable<LevelRow> LEVELS =
      new OutputTable<LevelRow>()
          .with("bin", level -> level.before().name())
          .with("state", level -> level.before().bin().state().word())
          .with("weight", level -> level.before().bin().weight())
          .with("effective", level -> level.before().load())
          .with("then", level -> level.after().load())
          .with("change", level -> level.after().load() - level.before().load());

  private static final OutputTable<Plan.Flow> FLOWS =
      new OutputTable<Plan.Flow>()
          .with("from", Plan.Flow::from)
          .with("to", Plan.Flow::to)
          .with("size", Plan.Flow::size)
          .with("units", Plan.Flow::units);

  private static final OutputTable<MoveCounts> APPLIED =
      new OutputTable<MoveCounts>()
          .with("moved", MoveCounts::moved)
          .with("before", MoveCounts::unmoved)
          .with("skipped", MoveCounts::skipped);

  private static final String STRANDED =
      "%d cannot be moved, because no bin that the policy allows has room; open a bin, add one, or raise a capacity";

  private static final String LEFT =
      "%d are left to move: others changed something meanwhile, or a bin or the policy refused them; run it again";

  private static final String LEFT_BY_OTHERS =
      "others changed something meanwhile, and nothing is left to move";

  private final ShardAdmin admin;
  private final OutputOptions output;

  PlanRunner(ShardAdmin admin, OutputOptions output) {
    this.admin = admin;
    this.output = output;
  }

  /** Shows the plan, and writes its moves to a file if one is named. */
  int report(Plan plan, @Nullable Path save) {
    show(plan);
    if (save != null) {
      long saved = save(plan, save);
      output
          .err()
          .println("moves saved in '%s': %d; make them with 'apply'".formatted(save, saved));
    }
    return plan.stranded() == 0 ? ExitCodes.DONE : ExitCodes.REFUSED;
  }

  private void show(Plan plan) {
    if (output.isForPeople()) {
      showToPeople(plan);
    } else if (output.isCsv()) {
      output.all(FLOWS, plan.flows().iterator());
    } else {
      Map<String, @Nullable Object> fields = new LinkedHashMap<>();
      fields.put("kind", plan.kind());
      fields.put("moves", plan.moves());
      fields.put("stranded", plan.stranded());
      fields.put("flows", plan.flows().stream().map(FLOWS::fields).toList());
      fields.put("bins", levels(plan).stream().map(LEVELS::fields).toList());
      output.json(fields);
    }
  }

  /** Shows the plan before a confirmation; with JSON or CSV, only the result is written. */
  void showToPeople(Plan plan) {
    if (!output.isForPeople()) {
      return;
    }
    if (plan.moves() > 0) {
      output.all(FLOWS, plan.flows().iterator());
      output.out().println();
    }
    output.all(LEVELS, levels(plan).iterator());
    output
        .out()
        .println(
            plan.moves() + (plan.moves() > 0 ? " to move; a group counts as one" : " to move"));
    if (plan.stranded() > 0) {
      output.out().println(STRANDED.formatted(plan.stranded()));
    }
    output.out().flush();
  }

  private static List<LevelRow> levels(Plan plan) {
    List<LevelRow> levels = new ArrayList<>();
    for (int i = 0; i < plan.before().size(); i++) {
      levels.add(new LevelRow(plan.before().get(i), plan.after().get(i)));
    }
    return levels;
  }

  private long save(Plan plan, Path file) {
    OutputTable<Move> table = OutputTable.moves();
    AtomicLong saved = new AtomicLong();
    try {
      PrivateFile.write(
          file,
          writer -> {
            for (Iterator<Move> moves = admin.moves(plan); moves.hasNext(); ) {
              writer.println(OutputOptions.text(table.fields(moves.next())));
              saved.incrementAndGet();
            }
          });
      return saved.get();
    } catch (IOException failure) {
      throw new UncheckedIOException(
          "the plan cannot be saved in '%s': %s; name a file that may be written"
              .formatted(file, FileFailure.reason(failure)),
          failure);
    }
  }

  /** Moves what the options allow, and reports what is left. */
  int move(
      Function<PlanOptions, Plan> planning,
      PlanOptions options,
      Function<Consumer<MoveResult>, MoveCounts> moving) {
    MoveCounts moved;
    long planned = planning.apply(options).moves();
    try (Meter meter = new Meter("moved", planned, output.err())) {
      moved = moving.apply(batch -> report(meter, batch));
    }
    output.one(APPLIED, moved);
    Plan left =
        planning.apply(new PlanOptions(OptionalLong.empty(), options.only(), options.threshold()));
    boolean isLimited = options.atMost().isPresent();
    boolean isDone = isLimited ? moved.skipped() == 0 : left.moves() == 0;
    if (left.stranded() > 0) {
      output.err().println(STRANDED.formatted(left.stranded()));
    } else if (!isDone && !isLimited) {
      output.err().println(LEFT.formatted(left.moves()));
    } else if (!isLimited && moved.moved() < planned) {
      output.err().println(LEFT_BY_OTHERS);
    }
    return isDone && left.stranded() == 0 ? ExitCodes.DONE : ExitCodes.REFUSED;
  }

  /** Applies moves; the total is for the progress. */
  int apply(Iterator<Move> moves, long total, Note note) {
    MoveCounts applied;
    try (Meter meter = new Meter("moved", total, output.err())) {
      applied = admin.apply(moves, note, batch -> report(meter, batch));
    }
    output.one(APPLIED, applied);
    return applied.skipped() == 0 ? ExitCodes.DONE : ExitCodes.REFUSED;
  }

  private void report(Meter meter, MoveResult batch) {
    meter.step(batch.units() + batch.unmoved().size() + batch.refused().size());
    batch.refused().forEach((object, why) -> output.err().println("skipped: " + why.getMessage()));
    output.err().flush();
  }
}
