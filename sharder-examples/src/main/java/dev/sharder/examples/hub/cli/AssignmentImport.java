package dev.sharder.examples.hub.cli;

import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinState;
import dev.sharder.InvalidValueException;
import dev.sharder.Names;
import dev.sharder.RefusedException;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.examples.hub.cli.AssignmentImporter.ImportResult;
import dev.sharder.examples.hub.cli.DatabaseOptions.Opened;
import dev.sharder.examples.hub.config.CallystoFile;
import dev.sharder.examples.hub.config.SettingsReader;
import dev.sharder.examples.hub.redirect.HubNames;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Imports assignments, and reports the result for each kind.
 *
 * @param target the database to import into
 * @param into its URL, if it is given separately from the older sharder's; null for the target's
 * @param allOrNothing whether to import nothing if any row is wrong
 * @param noNewBins whether to import nothing if any bin is unknown here
 * @param open whether to open the new bins
 * @param dryRun whether only to report what would be done
 */
record AssignmentImport(
    DatabaseOptions target,
    OutputOptions output,
    Note note,
    @Nullable String into,
    boolean allOrNothing,
    boolean noNewBins,
    boolean open,
    boolean dryRun) {

  /** Imports the rows of a file; returns the exit code. */
  int fromFile(Path file, boolean isCsv) {
    InputFile read = noNewBins ? InputFile.toReadAgain(file) : InputFile.of(file);
    // Before the database, so that an unreadable file creates none.
    Iterator<ImportRow> entries = ImportRow.in(read, isCsv, target.kind());
    String ours = into == null ? target.database() : into;
    try (Opened opened = dryRun ? target.openToLook(ours) : target.openOrBegin(ours)) {
      ShardAdmin admin = opened.admin();
      List<BinLoad> before = admin.bins();
      if (noNewBins && isAnyBinNew(admin, ImportRow.in(read, isCsv, target.kind()))) {
        return nothingImported();
      }
      ImportResult result = importer(admin, opened).take(entries);
      Map<String, List<String>> cordoned = new LinkedHashMap<>();
      reportNew(
          admin,
          opened,
          result.bins().stream().map(bin -> Bin.of(bin).withState(BinState.CORDONED)).toList());
      cordoned.put(admin.kind(), cordoned(before, admin, opened, result.bins()));
      return report(List.of(result), cordoned, ours);
    }
  }

  /** Programs read a result in any case; people read why there is none. */
  private int nothingImported() {
    if (!output.isForPeople()) {
      output.all(AssignmentImporter.RESULTS, Collections.emptyIterator());
    }
    return ExitCodes.REFUSED;
  }

  /** Reports what was done, and last how to open the bins that stay cordoned, by kind. */
  private int report(
      List<ImportResult> results, Map<String, List<String>> cordoned, @Nullable String url) {
    output.all(AssignmentImporter.RESULTS, results.iterator());
    cordoned.values().removeIf(List::isEmpty);
    if (!cordoned.isEmpty()) {
      output.err().println(target.toRun("to open them", "open", url, cordoned));
    }
    return results.stream().allMatch(result -> result.refused() == 0)
        ? ExitCodes.DONE
        : ExitCodes.REFUSED;
  }

  /**
   * Imports the assignments of an older sharder, and the hubs that its file names; returns the exit
   * code.
   */
  int fromSharder(OlderSharder.From from, @Nullable Path file) {
    CallystoFile settings = file == null ? null : CallystoFile.read(file);
    try (OlderSharder older =
            OlderSharder.open(from, url(settings), login(settings), target.timeLimit());
        Opened opened = dryRun ? target.openToLook(into) : target.openOrBegin(into)) {
      Map<String, Map<String, Bin>> kinds = new LinkedHashMap<>(older.bins());
      if (settings != null) {
        kinds
            .computeIfAbsent(HubNames.KIND, kind -> new LinkedHashMap<>())
            .putAll(SettingsReader.hubs(settings));
      }
      List<ImportResult> results = new ArrayList<>(strays(older));
      Map<String, List<String>> cordoned = new LinkedHashMap<>();
      if (noNewBins && isAnyBinNew(opened, kinds)) {
        return nothingImported();
      }
      if (allOrNothing && isAnyRefused(older, opened, kinds, results)) {
        output.err().println(AssignmentImporter.NOTHING_IMPORTED);
        return nothingImported();
      }
      kinds.forEach(
          (kind, bins) -> {
            List<BinLoad> before = opened.admin(kind).bins();
            ImportResult result = ofKind(kind, bins, older, opened);
            results.add(result);
            cordoned.put(kind, cordoned(before, opened.admin(kind), opened, result.bins()));
          });
      reportIgnored(older.ignored());
      return report(results, cordoned, into);
    }
  }

  private ImportResult ofKind(
      String kind, Map<String, Bin> bins, OlderSharder older, Opened opened) {
    ShardAdmin admin = opened.admin(kind);
    reportNew(admin, opened, bins.values());
    if (!dryRun) {
      addUnknown(admin, opened, bins);
    }
    return older.entries(kind, importer(admin, opened)::take);
  }

  /** Reports the bins that a dry run leaves out. */
  private void reportNew(ShardAdmin admin, Opened database, Collection<Bin> bins) {
    if (!dryRun) {
      return;
    }
    Set<String> known = admin.bins().stream().map(BinLoad::name).collect(Collectors.toSet());
    Map<Boolean, List<String>> added =
        bins.stream()
            .filter(bin -> !known.contains(bin.name()))
            .sorted(Comparator.comparing(Bin::name, Names.ORDER))
            .collect(
                Collectors.partitioningBy(
                    bin ->
                        isReachable(admin.kind(), bin.name(), database)
                            && (open || bin.state() == BinState.OPEN),
                    Collectors.mapping(Bin::name, Collectors.toList())));
    reportBins(admin.kind(), added.getOrDefault(true, List.of()), "would be added, open");
    reportBins(admin.kind(), added.getOrDefault(false, List.of()), "would be added, cordoned");
  }

  /** Returns where the older sharder's database is. */
  private String url(@Nullable CallystoFile settings) {
    String named = target.named();
    if (named != null) {
      return named;
    }
    if (settings == null) {
      throw new UsageException(
          "the older sharder's database is missing; give it with --database, or give its"
              + " sharder.yml");
    }
    return settings.url();
  }

  private static Properties login(@Nullable CallystoFile settings) {
    Properties login = settings == null ? new Properties() : settings.login();
    secret("SHARDER_FROM_USER", "user", login);
    secret("SHARDER_FROM_PASSWORD", "password", login);
    return login;
  }

  private AssignmentImporter importer(ShardAdmin admin, Opened opened) {
    return new AssignmentImporter(
        admin, opened.settings().users(), note, output.err(), dryRun, allOrNothing);
  }

  private List<ImportResult> strays(OlderSharder older) {
    List<String> strays = older.strays();
    strays.forEach(row -> output.err().println(row + ": it has no kind, so it cannot be assigned"));
    return strays.isEmpty()
        ? List.of()
        : List.of(new ImportResult("", 0, 0, strays.size(), Set.of()));
  }

  /** Checks all kinds before the first is imported, because each is a separate transaction. */
  private boolean isAnyRefused(
      OlderSharder older,
      Opened opened,
      Map<String, Map<String, Bin>> kinds,
      List<ImportResult> strays) {
    long refused = strays.stream().mapToLong(ImportResult::refused).sum();
    // The import makes the same notes again.
    StringWriter notes = new StringWriter();
    PrintWriter toNotes = new PrintWriter(notes);
    for (String kind : kinds.keySet()) {
      AssignmentImporter importer =
          new AssignmentImporter(
              opened.admin(kind), opened.settings().users(), note, toNotes, true, false);
      refused += older.entries(kind, importer::take).refused();
    }
    if (refused > 0) {
      output.err().print(notes);
    }
    return refused > 0;
  }

  private void reportIgnored(List<String> ignored) {
    if (!ignored.isEmpty()) {
      output
          .err()
          .println(
              "the older sharder's database ignored %s in names; here they count, so a user who comes in another spelling than the imported one is a new user"
                  .formatted(String.join(", ", ignored).replaceFirst(", ([^,]*)$", " and $1")));
    }
  }

  /**
   * Returns the bins of the rows that stay cordoned and can be opened. Opens those that are new, if
   * they are to be opened; an operator may have cordoned the others.
   */
  private List<String> cordoned(
      List<BinLoad> before, ShardAdmin admin, Opened database, Set<String> named) {
    Set<String> known = before.stream().map(BinLoad::name).collect(Collectors.toSet());
    Map<Boolean, List<String>> closed =
        admin.bins().stream()
            .filter(bin -> bin.bin().state() == BinState.CORDONED)
            .map(BinLoad::name)
            .filter(bin -> named.contains(bin) || !known.contains(bin))
            .filter(bin -> isReachable(admin.kind(), bin, database))
            .collect(Collectors.partitioningBy(bin -> open && !known.contains(bin)));
    List<String> opened = closed.getOrDefault(true, List.of());
    List<String> staying = closed.getOrDefault(false, List.of());
    opened.forEach(bin -> admin.changeBin(bin, now -> now.withState(BinState.OPEN), note));
    reportBins(admin.kind(), opened, "were opened");
    reportBins(admin.kind(), staying, "take no new objects, as they are cordoned");
    return staying;
  }

  /** Reports a hub to which no user can be sent. */
  private boolean isReachable(String kind, String bin, Opened database) {
    Optional<String> problem = problem(kind, bin, database);
    problem.ifPresent(
        reason ->
            output
                .err()
                .println("bin '%s' is not opened and takes no one: %s".formatted(bin, reason)));
    return problem.isEmpty();
  }

  private static Optional<String> problem(String kind, String bin, Opened database) {
    try {
      database.settings().checkBin(kind, bin);
      return Optional.empty();
    } catch (InvalidValueException unreachable) {
      return Optional.of(String.valueOf(unreachable.getMessage()));
    }
  }

  private void reportBins(String kind, List<String> bins, String what) {
    if (!bins.isEmpty()) {
      output
          .err()
          .println("bins of kind '%s' that %s: %s".formatted(kind, what, String.join(", ", bins)));
    }
  }

  private static void secret(String variable, String key, Properties login) {
    String value = System.getenv(variable);
    if (value != null && !value.isEmpty()) {
      login.setProperty(key, value);
    }
  }

  private boolean isAnyBinNew(ShardAdmin admin, Iterator<ImportRow> entries) {
    Map<String, String> named = new LinkedHashMap<>();
    entries.forEachRemaining(
        entry -> {
          if (entry.adoption() != null) {
            named.putIfAbsent(entry.adoption().bin(), entry.where());
          }
        });
    return isAnyBinNew(admin, named);
  }

  private boolean isAnyBinNew(Opened opened, Map<String, Map<String, Bin>> kinds) {
    boolean isAny = false;
    for (Map.Entry<String, Map<String, Bin>> kind : kinds.entrySet()) {
      Map<String, String> named = new LinkedHashMap<>();
      kind.getValue().keySet().forEach(bin -> named.put(bin, "older sharder"));
      isAny |= isAnyBinNew(opened.admin(kind.getKey()), named);
    }
    return isAny;
  }

  /** Reports every bin that is unknown here, with the row that names it first. */
  private boolean isAnyBinNew(ShardAdmin admin, Map<String, String> named) {
    NewBinCheck newBins = new NewBinCheck(admin.kind(), admin.bins(), output.err());
    Map<String, String> unknown = new LinkedHashMap<>(named);
    unknown.keySet().removeIf(bin -> !newBins.isNew(bin));
    unknown.forEach(
        (bin, where) ->
            output
                .err()
                .println(
                    "%s: kind '%s' has no bin '%s'%s"
                        .formatted(where, admin.kind(), bin, newBins.hint(bin))));
    if (!unknown.isEmpty()) {
      output
          .err()
          .println(
              "nothing was imported, because of --no-new-bins; correct the names, or add the bins"
                  + " with 'bin add'");
    }
    return !unknown.isEmpty();
  }

  private void addUnknown(ShardAdmin admin, Opened database, Map<String, Bin> bins) {
    Map<String, Bin> known = new LinkedHashMap<>();
    List<BinLoad> here = admin.bins();
    here.forEach(bin -> known.put(bin.name(), bin.bin()));
    NewBinCheck newBins = new NewBinCheck(admin.kind(), here, output.err());
    for (Bin bin : bins.values()) {
      Bin same = known.get(bin.name());
      if (same == null) {
        newBins.problem("imported", bin.name());
        try {
          boolean isUseless = problem(admin.kind(), bin.name(), database).isPresent();
          admin.addBin(isUseless ? bin.withState(BinState.CORDONED) : bin, note);
        } catch (RefusedException | InvalidValueException refusal) {
          output.err().println(refusal.getMessage());
        }
      } else if (bin.offset() != same.offset() && bin.offset() != 0) {
        output
            .err()
            .println(
                "bin '%s' of kind '%s' has offset %d here and was not changed; the older sharder has %d extra_shards: use 'bin set' to take these"
                    .formatted(bin.name(), admin.kind(), same.offset(), bin.offset()));
      }
    }
  }
}
