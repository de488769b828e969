package dev.sharder.examples.hub.cli;

import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinState;
import dev.sharder.InvalidValueException;
import dev.sharder.RefusedException;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.examples.hub.cli.AssignmentImporter.ImportResult;
import dev.sharder.examples.hub.cli.DatabaseOptions.Opened;
import dev.sharder.examples.hub.config.CallystoFile;
import dev.sharder.examples.hub.config.SettingsReader;
import dev.sharder.examples.hub.redirect.HubNames;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Takes over assignments from elsewhere, and reports what came of each kind.
 *
 * @param target the database to import into
 * @param into its URL, if it is named apart from the older sharder's; null for the target's
 * @param allOrNothing whether nothing is taken over if anything is wrong
 * @param noNewBins whether nothing is taken over if any bin is unknown here
 * @param dryRun whether only to report what would be done
 */
record AssignmentImport(
    DatabaseOptions target,
    OutputOptions output,
    Note note,
    @Nullable String into,
    boolean allOrNothing,
    boolean noNewBins,
    boolean dryRun) {

  /** Takes over the rows of a file; returns the exit code. */
  int fromFile(Path file, boolean isCsv) {
    Path read = noNewBins ? LineReader.toReadTwice(file) : file;
    // Before the database, so that a file that cannot be read begins none.
    Iterator<ImportRow> entries = ImportRow.in(read, isCsv, target.kind());
    String ours = into == null ? target.database() : into;
    try (Opened opened = dryRun ? target.openToLook(ours) : target.openOrBegin(ours)) {
      ShardAdmin admin = opened.admin();
      List<BinLoad> before = admin.bins();
      if (noNewBins && isAnyBinNew(admin, ImportRow.in(read, isCsv, target.kind()))) {
        return ExitCodes.REFUSED;
      }
      ImportResult result = importer(admin, opened, dryRun, allOrNothing).take(entries);
      reportCordoned(before, admin);
      return report(List.of(result));
    }
  }

  private int report(List<ImportResult> results) {
    output.all(AssignmentImporter.RESULTS, results.iterator());
    return results.stream().allMatch(result -> result.refused() == 0)
        ? ExitCodes.DONE
        : ExitCodes.REFUSED;
  }

  /**
   * Takes over what an older sharder has, and the hubs that its file names; returns the exit code.
   */
  int fromSharder(OlderSharder.From from, @Nullable Path file) {
    CallystoFile settings = file == null ? null : CallystoFile.read(file);
    try (OlderSharder older = OlderSharder.open(from, url(settings), login(settings));
        Opened opened = dryRun ? target.openToLook(into) : target.openOrBegin(into)) {
      Map<String, Map<String, Bin>> kinds = new LinkedHashMap<>(older.bins());
      if (settings != null) {
        kinds
            .computeIfAbsent(HubNames.KIND, kind -> new LinkedHashMap<>())
            .putAll(SettingsReader.hubs(settings));
      }
      List<ImportResult> results = new ArrayList<>(strays(older));
      if (noNewBins && isAnyBinNew(opened, kinds)) {
        return ExitCodes.REFUSED;
      }
      if (allOrNothing && !dryRun && isAnyRefused(older, opened, kinds, results)) {
        output.err().println("nothing was taken over, as all or nothing was asked");
        return ExitCodes.REFUSED;
      }
      kinds.forEach((kind, bins) -> results.add(ofKind(kind, bins, older, opened)));
      return report(results);
    }
  }

  private ImportResult ofKind(
      String kind, Map<String, Bin> bins, OlderSharder older, Opened opened) {
    ShardAdmin admin = opened.admin(kind);
    List<BinLoad> before = admin.bins();
    if (!dryRun) {
      addUnknown(admin, bins);
    }
    ImportResult result = older.entries(kind, importer(admin, opened, dryRun, allOrNothing)::take);
    reportCordoned(before, admin);
    return result;
  }

  /** Returns where the older sharder's database is. */
  private String url(@Nullable CallystoFile settings) {
    String named = target.named();
    if (named != null) {
      return named;
    }
    if (settings == null) {
      throw new UsageException(
          "the older sharder's database is not named; do so with --database, or name its"
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

  private AssignmentImporter importer(
      ShardAdmin admin, Opened opened, boolean looksOnly, boolean asOne) {
    return new AssignmentImporter(
        admin, opened.settings().users(), note, output.err(), looksOnly, asOne);
  }

  private List<ImportResult> strays(OlderSharder older) {
    List<String> strays = older.strays();
    strays.forEach(
        row -> output.err().println(row + ": it has no kind, so nobody could ever ask for it"));
    return strays.isEmpty() ? List.of() : List.of(new ImportResult("", 0, 0, strays.size()));
  }

  /** Looks through all kinds before the first is taken over, since each is a step of its own. */
  private boolean isAnyRefused(
      OlderSharder older,
      Opened opened,
      Map<String, Map<String, Bin>> kinds,
      List<ImportResult> strays) {
    long refused = strays.stream().mapToLong(ImportResult::refused).sum();
    for (String kind : kinds.keySet()) {
      AssignmentImporter importer = importer(opened.admin(kind), opened, true, false);
      refused += older.entries(kind, importer::take).refused();
    }
    return refused > 0;
  }

  private void reportCordoned(List<BinLoad> before, ShardAdmin admin) {
    Set<String> known = before.stream().map(BinLoad::name).collect(Collectors.toSet());
    List<String> closed =
        admin.bins().stream()
            .filter(bin -> bin.bin().state() != BinState.OPEN && !known.contains(bin.name()))
            .map(BinLoad::name)
            .toList();
    if (!closed.isEmpty()) {
      output
          .err()
          .println(
              "new bins of kind '%s' that came in cordoned: %s; 'bin open' lets them take newcomers"
                  .formatted(admin.kind(), String.join(", ", closed)));
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
      kind.getValue().keySet().forEach(bin -> named.put(bin, "over there"));
      isAny |= isAnyBinNew(opened.admin(kind.getKey()), named);
    }
    return isAny;
  }

  /** Reports every bin that is unknown here, with who names it first. */
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
              "nothing was taken over, as there are to be no new bins; correct the names, or add the"
                  + " bins with 'bin add'");
    }
    return !unknown.isEmpty();
  }

  private void addUnknown(ShardAdmin admin, Map<String, Bin> bins) {
    Map<String, Bin> known = new LinkedHashMap<>();
    List<BinLoad> here = admin.bins();
    here.forEach(bin -> known.put(bin.name(), bin.bin()));
    NewBinCheck newBins = new NewBinCheck(admin.kind(), here, output.err());
    for (Bin bin : bins.values()) {
      Bin same = known.get(bin.name());
      if (same == null) {
        newBins.problem("taken over", bin.name());
        try {
          admin.addBin(bin, note);
        } catch (RefusedException | InvalidValueException refusal) {
          output.err().println(refusal.getMessage());
        }
      } else if (bin.offset() != same.offset() && bin.offset() != 0) {
        output
            .err()
            .println(
                "bin '%s' of kind '%s' is here with offset %d and was not changed; over there it has %d extra_shards: use 'bin set' if these are meant"
                    .formatted(bin.name(), admin.kind(), same.offset(), bin.offset()));
      }
    }
  }
}
