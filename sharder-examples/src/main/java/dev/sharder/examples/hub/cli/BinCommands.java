package dev.sharder.examples.hub.cli;

import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinState;
import dev.sharder.admin.Note;
import dev.sharder.admin.Plan;
import dev.sharder.admin.PlanOptions;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.examples.hub.cli.DatabaseOptions.Opened;
import dev.sharder.examples.hub.config.Settings;
import dev.sharder.examples.hub.http.WholeNumber;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The commands about bins: their loads, and their states from open to retired. */
@Command(
    name = "bin",
    description = {
      "Changes a bin.",
      "",
      "A bin goes from open to cordoned (takes no new objects), draining (being emptied) and"
          + " retired",
      "(empty, kept for the history). Every change takes effect at once.",
      "",
      "If the server's configuration names bins, their weights, offsets, capacities and labels are",
      "reset to the configuration at the next start; their states stay."
    })
final class BinCommands {

  /** A bin among all bins of its kind. */
  private record ShownBin(BinLoad bin, long effectiveOfAll) {

    /** In percent, to a tenth. */
    double share() {
      return effectiveOfAll == 0 ? 0 : Math.round(1_000.0 * bin.load() / effectiveOfAll) / 10.0;
    }
  }

  private static final String STAYS_OPEN =
      "bin '%s' stays open, and still takes new objects; close it before 'apply'";

  private static final OutputTable<ShownBin> BINS =
      new OutputTable<ShownBin>()
          .with("bin", shown -> shown.bin().name())
          .with("raw", shown -> shown.bin().assigned())
          .with("offset", shown -> shown.bin().bin().offset())
          .with("effective", shown -> shown.bin().load())
          .with("capacity", shown -> capacity(shown.bin().bin()))
          .with("share", ShownBin::share)
          .with("state", shown -> shown.bin().bin().state().word())
          .with("weight", shown -> shown.bin().bin().weight())
          .with("labels", shown -> shown.bin().bin().labels());

  private static @Nullable Object capacity(Bin bin) {
    return bin.capacity().isPresent() ? bin.capacity().getAsLong() : null;
  }

  /** The command that lists all bins. */
  static final class BinsCommand {

    @Command(
        name = "bins",
        description = {
          "Lists the bins and their loads.",
          "",
          "Raw is the assigned load, offset is load that is not in the database, effective is their"
              + " sum,",
          "and share is the bin's percentage of the load of all bins."
        })
    static int bins(@Mixin DatabaseOptions target, @Mixin OutputOptions output) {
      try (Opened opened = target.openOrDeclare()) {
        List<BinLoad> all = opened.admin().bins();
        show(output, all, all);
        return ExitCodes.DONE;
      }
    }
  }

  private static final OutputTable<String> KINDS =
      new OutputTable<String>().with("kind", kind -> kind);

  /** The command that lists all kinds. */
  static final class KindsCommand {

    @Command(
        name = "kinds",
        description = "Lists the kinds that have bins. Choose one with --kind.")
    static int kinds(@Mixin DatabaseOptions target, @Mixin OutputOptions output) {
      try (Opened opened = target.openBegun()) {
        output.all(KINDS, opened.kinds().iterator());
        return ExitCodes.DONE;
      }
    }
  }

  private static void show(OutputOptions output, List<BinLoad> bins, List<BinLoad> all) {
    long load = all.stream().mapToLong(BinLoad::load).sum();
    output.all(BINS, bins.stream().map(bin -> new ShownBin(bin, load)).iterator());
  }

  /** The settings of a bin; those that are left out stay unchanged. */
  static final class BinOptions {
    @Option(
        names = "--weight",
        paramLabel = "N",
        description = "its share of new objects relative to other bins; 1 to 1,000,000")
    private @Nullable Integer weight;

    @Option(names = "--offset", paramLabel = "N", description = "load that is not in the database")
    private @Nullable Long offset;

    @Option(
        names = "--capacity",
        paramLabel = "N|none",
        description = "full when assigned + offset reach this")
    private @Nullable String capacity;

    @Option(names = "--label", paramLabel = "KEY=VALUE", description = "a label to set")
    private @Nullable Map<String, String> labels;

    @Option(names = "--no-label", paramLabel = "KEY", description = "a label to remove")
    private @Nullable Set<String> noLabels;

    Bin applyTo(Bin bin) {
      Map<String, String> all = new LinkedHashMap<>(bin.labels());
      if (noLabels != null) {
        all.keySet().removeAll(noLabels);
      }
      if (labels != null) {
        all.putAll(labels);
      }
      return new Bin(
          bin.name(),
          weight == null ? bin.weight() : weight,
          offset == null ? bin.offset() : offset,
          capacity == null ? bin.capacity() : capacity(capacity),
          bin.state(),
          all);
    }

    private static OptionalLong capacity(String text) {
      OptionalLong number = WholeNumber.of(text);
      if (number.isEmpty() && !text.equals("none")) {
        throw new UsageException(
            "capacity '%s' is not a whole number; use digits only, or none for no limit"
                .formatted(text));
      }
      return number;
    }
  }

  @Command(name = "add", description = "Adds a bin, which is open unless --cordoned is given.")
  int add(
      @Mixin DatabaseOptions target,
      @Mixin OutputOptions output,
      @Mixin ChangeNoteOptions why,
      @Mixin BinOptions shape,
      @Parameters(paramLabel = "BIN") String name,
      @Option(
              names = "--cordoned",
              description = "add it cordoned, so that it takes no new objects yet")
          boolean cordoned) {
    // Before the database is opened, which may create it.
    Bin bin = shape.applyTo(Bin.of(name));
    Note note = why.note("added by hand");
    target.settings().checkBin(target.kind(), name);
    try (Opened opened = target.openOrBegin()) {
      ShardAdmin admin = opened.admin();
      List<BinLoad> known = admin.bins();
      BinLoad added = admin.addBin(cordoned ? bin.withState(BinState.CORDONED) : bin, note);
      new NewBinCheck(admin.kind(), known, output.err()).problem("added", name);
      show(output, List.of(added), admin.bins());
      return ExitCodes.DONE;
    }
  }

  @Command(name = "set", description = "Changes a bin's weight, offset, capacity or labels.")
  int set(
      @Mixin DatabaseOptions target,
      @Mixin OutputOptions output,
      @Mixin ChangeNoteOptions why,
      @Mixin BinOptions shape,
      @Parameters(paramLabel = "BIN") String name) {
    return change(target, output, why, name, shape::applyTo);
  }

  @Command(name = "cordon", description = "Stops a bin from taking new objects; its objects stay.")
  int cordon(
      @Mixin DatabaseOptions target,
      @Mixin OutputOptions output,
      @Mixin ChangeNoteOptions why,
      @Parameters(paramLabel = "BIN") String name) {
    return change(target, output, why, name, bin -> bin.withState(BinState.CORDONED));
  }

  @Command(name = "open", description = "Opens bins, from any state.")
  int open(
      @Mixin DatabaseOptions target,
      @Mixin OutputOptions output,
      @Mixin ChangeNoteOptions why,
      @Parameters(paramLabel = "BIN", arity = "1..*") List<String> names) {
    Settings settings = target.settings();
    names.forEach(name -> settings.checkBin(target.kind(), name));
    return change(target, output, why, names, bin -> bin.withState(BinState.OPEN));
  }

  @Command(name = "retire", description = "Retires an empty bin, and keeps its history.")
  int retire(
      @Mixin DatabaseOptions target,
      @Mixin OutputOptions output,
      @Mixin ChangeNoteOptions why,
      @Parameters(paramLabel = "BIN") String name) {
    return change(target, output, why, name, bin -> bin.withState(BinState.RETIRED));
  }

  private static int change(
      DatabaseOptions target,
      OutputOptions output,
      ChangeNoteOptions why,
      String name,
      UnaryOperator<Bin> change) {
    return change(target, output, why, List.of(name), change);
  }

  private static int change(
      DatabaseOptions target,
      OutputOptions output,
      ChangeNoteOptions why,
      List<String> names,
      UnaryOperator<Bin> change) {
    try (Opened opened = target.openOrDeclare()) {
      ShardAdmin admin = opened.admin();
      // A name that is unknown is reported before anything is changed.
      names.forEach(admin::bin);
      List<BinLoad> changed = new ArrayList<>();
      for (String name : names) {
        changed.add(admin.changeBin(name, change, why.note("changed by hand")));
      }
      show(output, changed, admin.bins());
      return ExitCodes.DONE;
    }
  }

  @Command(
      name = "drain",
      description = {
        "Empties a bin into the open bins.",
        "",
        "Sets the bin to draining and moves each of its objects to the bin that is then the"
            + " emptiest.",
        "If interrupted, run it again to continue.",
        "",
        "'apply' applies a plan that --save saved. The bin keeps its state then, so cordon it before",
        "you save the plan, or it takes new objects."
      })
  int drain(
      @Mixin DatabaseOptions target,
      @Mixin OutputOptions output,
      @Mixin ChangeNoteOptions why,
      @Mixin ConfirmOptions consent,
      @Mixin PlanLimitOptions limits,
      @Parameters(paramLabel = "BIN") String name,
      @Option(names = "--to", paramLabel = "BIN", description = "only into these bins; repeat")
          @Nullable List<String> to) {
    PlanOptions options = limits.among(to, 0);
    try (Opened opened = target.open()) {
      ShardAdmin admin = opened.admin();
      BinLoad bin = admin.bin(name);
      Plan plan = admin.planDrain(name, options);
      PlanRunner plans = new PlanRunner(admin, output);
      if (limits.save() != null || consent.isDryRun()) {
        int exitCode = plans.report(plan, limits.save());
        if (limits.save() != null && bin.bin().state() == BinState.OPEN) {
          output.err().println(target.toRun(STAYS_OPEN.formatted(name), "cordon", name));
        }
        return exitCode;
      }
      plans.showToPeople(plan);
      if (!consent.isGiven("Drain '%s', moving %d?".formatted(name, plan.moves()))) {
        return ExitCodes.DONE;
      }
      return plans.move(
          rest -> admin.planDrain(name, rest),
          options,
          progress -> admin.drain(name, options, why.note("drained by hand"), progress));
    }
  }
}
