package dev.sharder.examples.cli;

import dev.sharder.Adoption;
import dev.sharder.Note;
import dev.sharder.Placement;
import dev.sharder.Placements;
import dev.sharder.ShardAdmin;
import dev.sharder.SharderException;
import dev.sharder.examples.cli.Terminal.Meter;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;

/** Takes over entries of one kind, in batches or as a whole, and tells of each that it cannot. */
final class Importer {

  private static final int BATCH = 1_000;

  /**
   * What came of it.
   *
   * @param kind the kind
   * @param made assignments that are new here
   * @param known assignments that were here already, in the same bin
   * @param refused entries that were wrong or in the way of others
   */
  record Result(String kind, long made, long known, long refused) {}

  static final Table<Result> RESULTS =
      new Table<Result>()
          .with("kind", Result::kind)
          .with("made", Result::made)
          .with("known", Result::known)
          .with("refused", Result::refused);

  private final ShardAdmin admin;
  private final Note note;
  private final PrintWriter err;
  private final boolean dryRun;
  private final boolean allOrNothing;
  private long made;
  private long known;
  private long refused;

  Importer(ShardAdmin admin, Note note, PrintWriter err, boolean dryRun, boolean allOrNothing) {
    this.admin = admin;
    this.note = note;
    this.err = err;
    this.dryRun = dryRun;
    this.allOrNothing = allOrNothing;
  }

  Result take(Iterator<Entry> entries) {
    try (Meter meter = new Meter("read", -1, err)) {
      List<Entry> batch = new ArrayList<>();
      while (entries.hasNext()) {
        Entry entry = entries.next();
        meter.step(1);
        if (entry.adoption() == null) {
          refuse(entry, entry.wrong());
        } else {
          batch.add(entry);
        }
        if (batch.size() == BATCH && !allOrNothing) {
          take(batch);
          batch.clear();
        }
      }
      if (allOrNothing && refused > 0) {
        err.println("nothing was taken over, as all or nothing was asked");
      } else {
        take(batch);
      }
    }
    err.flush();
    return new Result(admin.kind(), made, known, refused);
  }

  private void take(List<Entry> batch) {
    List<Adoption> adoptions = new ArrayList<>();
    batch.forEach(entry -> adoptions.add(adoption(entry)));
    Placements placements =
        dryRun ? admin.adoptable(adoptions) : admin.adopt(adoptions, allOrNothing, note);
    if (allOrNothing && !placements.refused().isEmpty()) {
      err.println("nothing was taken over, as all or nothing was asked");
    }
    Set<String> counted = new HashSet<>();
    for (Entry entry : batch) {
      Adoption adoption = adoption(entry);
      String object = adoption.request().object();
      Placement placement = placements.placed().get(object);
      SharderException refusal = placements.refused().get(object);
      if (placement != null && placement.bin().equals(adoption.bin())) {
        boolean isMade = placement.isNew() && counted.add(object);
        made += isMade ? 1 : 0;
        known += isMade ? 0 : 1;
      } else if (refusal != null) {
        refuse(entry, refusal.getMessage());
      }
    }
  }

  private static Adoption adoption(Entry entry) {
    if (entry.adoption() == null) {
      throw new IllegalArgumentException(entry + " says nothing to take over");
    }
    return entry.adoption();
  }

  private void refuse(Entry entry, String why) {
    refused++;
    err.println(entry.where() + ": " + why);
  }
}
