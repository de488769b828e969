package dev.sharder.examples.hub.cli;

import dev.sharder.InvalidValueException;
import dev.sharder.Placement;
import dev.sharder.SharderException;
import dev.sharder.admin.AdoptMode;
import dev.sharder.admin.Adoption;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.examples.hub.cli.Terminal.Meter;
import dev.sharder.examples.hub.redirect.HubNames;
import dev.sharder.examples.hub.redirect.UserNames;
import dev.sharder.store.Placements;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Imports rows of one kind, in batches or all at once, and reports each that is refused. */
final class AssignmentImporter {

  private static final int BATCH = 1_000;

  /**
   * The result of an import.
   *
   * @param kind the kind
   * @param made assignments that were made
   * @param known assignments that existed already, in the same bin
   * @param refused rows that were wrong or conflicted with others
   * @param bins the bins of the assignments that were made or existed already
   */
  record ImportResult(String kind, long made, long known, long refused, Set<String> bins) {}

  static final OutputTable<ImportResult> RESULTS =
      new OutputTable<ImportResult>()
          .with("kind", ImportResult::kind)
          .with("made", ImportResult::made)
          .with("known", ImportResult::known)
          .with("refused", ImportResult::refused);

  static final String NOTHING_IMPORTED = "nothing was imported, because of --all-or-nothing";

  private final ShardAdmin admin;
  private final UserNames users;
  private final Note note;
  private final PrintWriter err;
  private final boolean dryRun;
  private final boolean allOrNothing;
  private final NewBinCheck newBins;
  private final Set<String> bins = new HashSet<>();

  private long kept;
  private long lowercased;
  private long made;
  private long known;
  private long refused;

  AssignmentImporter(
      ShardAdmin admin,
      UserNames users,
      Note note,
      PrintWriter err,
      boolean dryRun,
      boolean allOrNothing) {
    this.admin = admin;
    this.users = users;
    this.note = note;
    this.err = err;
    this.dryRun = dryRun;
    this.allOrNothing = allOrNothing;
    this.newBins = new NewBinCheck(admin.kind(), admin.bins(), err);
  }

  ImportResult take(Iterator<ImportRow> entries) {
    try (Meter meter = new Meter("read", -1, err)) {
      List<ImportRow> batch = new ArrayList<>();
      while (entries.hasNext()) {
        ImportRow entry = spelled(entries.next());
        meter.step(1);
        String problem = problem(entry);
        if (problem.isEmpty()) {
          batch.add(entry);
        } else {
          refuse(entry, problem);
        }
        if (batch.size() == BATCH && !allOrNothing) {
          take(batch);
          batch.clear();
        }
      }
      if (allOrNothing && refused > 0) {
        err.println(NOTHING_IMPORTED);
      } else {
        take(batch);
      }
    }
    reportSpelling();
    err.flush();
    return new ImportResult(admin.kind(), made, known, refused, bins);
  }

  /** Empty if the row may be imported. */
  private String problem(ImportRow entry) {
    return entry.adoption() == null
        ? entry.wrong()
        : newBins.problem(entry.where(), entry.adoption().bin()).orElse("");
  }

  /** Spells the user of a roster as serve does; the user of an export stays unchanged. */
  private ImportRow spelled(ImportRow entry) {
    if (entry.adoption() == null || !admin.kind().equals(HubNames.KIND)) {
      return entry;
    }
    try {
      String object = entry.adoption().request().object();
      String spelled = users.spelled(object);
      if (!spelled.equals(object) && entry.isExact()) {
        kept++;
      } else if (!spelled.equals(object)) {
        lowercased++;
        return entry.withObject(spelled);
      }
      return entry;
    } catch (InvalidValueException wrong) {
      return ImportRow.wrong(entry.where(), String.valueOf(wrong.getMessage()));
    }
  }

  private void reportSpelling() {
    if (lowercased > 0) {
      err.println(
          "names of kind '%s' with capital letters, lowercased, as serve does: %d; to keep capitals, set lowercase: false in the configuration"
              .formatted(admin.kind(), lowercased));
    }
    if (kept > 0) {
      err.println(
          "names of kind '%s' with capital letters, imported unchanged: %d; serve lowercases names unless its configuration has lowercase: false"
              .formatted(admin.kind(), kept));
    }
  }

  private void take(List<ImportRow> batch) {
    List<Adoption> adoptions = new ArrayList<>();
    batch.forEach(entry -> adoptions.add(adoption(entry)));
    Placements placements =
        dryRun
            ? admin.adoptable(adoptions)
            : admin.adopt(
                adoptions, allOrNothing ? AdoptMode.ALL_OR_NOTHING : AdoptMode.EACH, note);
    if (allOrNothing && !placements.refused().isEmpty()) {
      err.println(NOTHING_IMPORTED);
      // As adopt returns; adoptable has those that could be placed without the others.
      placements = new Placements(Map.of(), placements.refused());
    }
    count(batch, placements);
  }

  private void count(List<ImportRow> batch, Placements placements) {
    Set<String> counted = new HashSet<>();
    for (ImportRow entry : batch) {
      Adoption adoption = adoption(entry);
      String object = adoption.request().object();
      Placement placement = placements.placed().get(object);
      SharderException refusal = placements.refused().get(object);
      if (placement != null && placement.bin().equals(adoption.bin())) {
        bins.add(placement.bin());
        boolean isMade = placement.isNew() && counted.add(object);
        made += isMade ? 1 : 0;
        known += isMade ? 0 : 1;
      } else if (refusal != null) {
        refuse(entry, refusal.getMessage());
      }
    }
  }

  private static Adoption adoption(ImportRow entry) {
    if (entry.adoption() == null) {
      throw new IllegalArgumentException(entry + " has no assignment to import");
    }
    return entry.adoption();
  }

  private void refuse(ImportRow entry, String why) {
    refused++;
    err.println(entry.where() + ": " + why);
  }
}
