package dev.sharder.examples.hub.cli;

import dev.sharder.SharderException;
import dev.sharder.admin.Finding;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.examples.hub.cli.DatabaseOptions.Opened;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command that checks the data of one kind, or of all, for consistency. */
final class VerifyCommand {

  private static final int MOST_FINDINGS = 1_000;

  /**
   * What was found of a kind.
   *
   * @param isShown whether it was shown before a question
   */
  private record KindReport(String kind, List<Finding> findings, boolean isShown) {

    boolean isInconsistent() {
      return !findings.isEmpty();
    }

    KindReport shown() {
      return new KindReport(kind, findings, true);
    }

    /** Returns the findings to show. */
    List<Finding> first() {
      return findings.subList(0, Math.min(findings.size(), MOST_FINDINGS));
    }

    Stream<KindFinding> rows() {
      return first().stream().map(finding -> new KindFinding(kind, finding));
    }
  }

  /** A finding, with the name of its kind. */
  private record KindFinding(String kind, Finding finding) {}

  private static final OutputTable<KindFinding> FINDINGS =
      new OutputTable<KindFinding>()
          .with("kind", KindFinding::kind)
          .with("promise", row -> row.finding().promise().word())
          .with("subject", row -> row.finding().subject())
          .with("detail", row -> row.finding().detail());

  private static final OutputTable<KindReport> REPORTS =
      new OutputTable<KindReport>()
          .with("kind", KindReport::kind)
          .with(
              "findings",
              report -> report.first().stream().map(OutputTable.findings()::fields).toList());

  private final OutputOptions output;
  private final ConfirmOptions consent;
  private final Note note;
  private final boolean repair;

  private boolean isInconsistent;
  private boolean isIncomplete;

  private VerifyCommand(OutputOptions output, ConfirmOptions consent, Note note, boolean repair) {
    this.output = output;
    this.consent = consent;
    this.note = note;
    this.repair = repair;
  }

  @Command(
      name = "verify",
      description = {
        "Checks the data for consistency.",
        "",
        "Counters must match the assignments, every object and every group must be in one known"
            + " bin,",
        "retired bins must be empty, and the history must lead to where each object is.",
        "",
        "With --all-kinds, JSON has an object per kind with its name and its findings, and CSV has"
            + " a",
        "column for the kind. If a kind cannot be checked, the others are, and the exit code is 1."
      })
  static int verify(
      @Mixin DatabaseOptions target,
      @Mixin OutputOptions output,
      @Mixin ChangeNoteOptions why,
      @Mixin ConfirmOptions consent,
      @Option(names = "--all-kinds", description = "check every kind that has bins")
          boolean allKinds,
      @Option(names = "--repair", description = "repair the counters, and nothing else")
          boolean repair) {
    if (allKinds && output.isGiven("--kind")) {
      throw new UsageException(
          "--all-kinds checks kind '%s', too; leave out --kind, or check that kind alone"
              .formatted(target.kind()));
    }
    if (allKinds && repair) {
      // Before anything is written: output that ends midway would look complete.
      consent.checkAnswerable("Repair the counters of all kinds?");
    }
    VerifyCommand check = new VerifyCommand(output, consent, why.note("repaired by hand"), repair);
    try (Opened opened = allKinds ? target.openBegun() : target.open()) {
      return allKinds ? check.all(opened) : check.one(opened.admin());
    }
  }

  private int one(ShardAdmin admin) {
    KindReport report = read(admin);
    if (repair && report.isInconsistent()) {
      KindReport before = shownBefore(report);
      report = repaired(admin) ? read(admin) : before;
    }
    isInconsistent = report.isInconsistent();
    if (output.isForPeople()) {
      show(report);
    } else {
      output.all(OutputTable.findings(), report.first().iterator());
    }
    return exitCode();
  }

  /** Checks one kind after the other, and writes what was found of each before the next. */
  private int all(Opened opened) {
    Stream<KindReport> reports =
        opened.someKinds().stream().flatMap(kind -> tried(opened.admin(kind)).stream());
    if (output.isForPeople()) {
      reports.forEach(this::show);
    } else if (output.isCsv()) {
      output.all(FINDINGS, reports.flatMap(KindReport::rows).iterator());
    } else {
      output.all(REPORTS, reports.iterator());
    }
    return exitCode();
  }

  private int exitCode() {
    return isIncomplete ? ExitCodes.FAILED : isInconsistent ? ExitCodes.REFUSED : ExitCodes.DONE;
  }

  /** Returns the report of a kind, repaired if asked to; empty if it could not be checked. */
  private Optional<KindReport> tried(ShardAdmin admin) {
    Optional<KindReport> report = attempt("kind '%s' was not checked", admin, this::read);
    if (repair && report.filter(KindReport::isInconsistent).isPresent()) {
      KindReport before = shownBefore(report.get());
      boolean isRepaired =
          attempt("the repair of kind '%s' failed", admin, this::repaired).orElse(false);
      report =
          isRepaired
              ? attempt("kind '%s' was repaired, and not checked again", admin, this::read)
              : Optional.of(before);
    }
    isInconsistent |= report.filter(KindReport::isInconsistent).isPresent();
    return report;
  }

  /** Reports a failure, so that the other kinds are still checked. */
  private <T> Optional<T> attempt(String failed, ShardAdmin admin, Function<ShardAdmin, T> step) {
    try {
      return Optional.of(step.apply(admin));
    } catch (SharderException failure) {
      isIncomplete = true;
      String line = failed.formatted(admin.kind()) + ": " + failure.getMessage();
      output.err().println(FailureWords.oneLine(line));
      return Optional.empty();
    }
  }

  private KindReport read(ShardAdmin admin) {
    KindReport report = new KindReport(admin.kind(), admin.verify(MOST_FINDINGS + 1), false);
    if (report.findings().size() > MOST_FINDINGS) {
      output
          .err()
          .println(
              "only the first %,d findings of kind '%s' are shown"
                  .formatted(MOST_FINDINGS, admin.kind()));
    }
    return report;
  }

  /** Shows people what was found, before they are asked about it. */
  private KindReport shownBefore(KindReport report) {
    if (!output.isForPeople()) {
      return report;
    }
    show(report);
    return report.shown();
  }

  /** Repairs the counters, and returns whether that was confirmed. */
  private boolean repaired(ShardAdmin admin) {
    if (!consent.isGiven("Repair the counters of kind '%s'?".formatted(admin.kind()))) {
      return false;
    }
    admin
        .repair(note)
        .forEach(
            (bin, more) ->
                output
                    .err()
                    .println(
                        "the counter of bin '%s' of kind '%s' was wrong by %d"
                            .formatted(bin, admin.kind(), -more)));
    return true;
  }

  private void show(KindReport report) {
    if (report.isShown()) {
      return;
    }
    String state = report.isInconsistent() ? "not consistent:" : "consistent";
    output.out().println("kind '%s' is %s".formatted(report.kind(), state));
    if (report.isInconsistent()) {
      output.all(OutputTable.findings(), report.first().iterator());
    }
    output.out().flush();
  }
}
