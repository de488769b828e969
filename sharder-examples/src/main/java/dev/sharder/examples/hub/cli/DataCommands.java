package dev.sharder.examples.hub.cli;

import dev.sharder.Assignment;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinState;
import dev.sharder.InvalidValueException;
import dev.sharder.RefusedException;
import dev.sharder.admin.Finding;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.examples.hub.cli.AssignmentImporter.Result;
import dev.sharder.examples.hub.cli.DatabaseOptions.Opened;
import dev.sharder.examples.hub.config.CallystoFile;
import dev.sharder.examples.hub.server.PrivateFile;
import dev.sharder.store.Listing;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The commands about the data as a whole: in, out, and whether it is sound. */
final class DataCommands {

  private static final int PAGE = 1_000;
  private static final int MOST_FINDINGS = 1_000;

  /** A file format. */
  enum FileFormat {
    CSV,
    JSONL;

    static FileFormat of(@Nullable FileFormat told, @Nullable Path file) {
      if (told != null) {
        return told;
      }
      String name = file == null ? "" : file.toString().toLowerCase(Locale.ROOT);
      return name.endsWith(".jsonl") || name.endsWith(".ndjson") ? JSONL : CSV;
    }
  }

  @Command(
      name = "import",
      description = {
        "Takes over assignments from a file or an older sharder.",
        "",
        "A file is CSV with the columns object, bin, size and group (the last two may be missing),"
            + " or",
        "has JSON objects with these fields, one on each line. Bins that are unknown here come in",
        "cordoned, and what is here already stays as it is, so that it may be run again.",
        "",
        "From an older sharder all kinds come along, dummy rows do not, extra_shards become"
            + " offsets,",
        "and a bucket in JSON becomes a bin named by its hub, with its other fields as labels."
      },
      footerHeading = "%nEnvironment variables for secrets:%n",
      footer = {
        "  SHARDER_FROM_USER, SHARDER_FROM_PASSWORD",
        "      who the older sharder's database lets in"
      })
  static int importAll(
      @Mixin DatabaseOptions target,
      @Mixin OutputOptions output,
      @Mixin ChangeNoteOptions why,
      @Parameters(
              arity = "0..1",
              paramLabel = "FILE",
              description = "CSV or JSON Lines, '-' for standard input; or callysto's sharder.yml")
          @Nullable Path file,
      @Option(
              names = "--from",
              paramLabel = "SHARDER",
              description = {
                "callysto or data8xhub: an older sharder, whose database --database names then, if"
                    + " its",
                "sharder.yml does not"
              })
          OlderSharder.@Nullable From from,
      @Option(
              names = "--into",
              paramLabel = "URL",
              description = {
                "with --from, the database to import into (SHARDER_DATABASE, or the configuration)"
              })
          @Nullable String into,
      @Option(names = "--format", description = "csv or jsonl (default: by the file's name)")
          @Nullable FileFormat format,
      @Option(
              names = "--all-or-nothing",
              description = "take nothing over if any line is wrong; holds all of a kind in memory")
          boolean allOrNothing,
      @Option(
              names = "--no-new-bins",
              description = "take nothing over if any line names a bin that is unknown here")
          boolean noNewBins,
      @Option(names = "--dry-run", description = "tell what would be done, and do nothing")
          boolean dryRun) {
    Note note = why.note("imported");
    if (from != null) {
      return importFrom(from, target, output, note, file, into, allOrNothing, noNewBins, dryRun);
    }
    if (file == null) {
      throw new UsageException("there is nothing to import; name a file, or a sharder with --from");
    }
    boolean isCsv = FileFormat.of(format, file) == FileFormat.CSV;
    Path read = noNewBins ? LineReader.toReadTwice(file) : file;
    // Before the database, so that a file that cannot be read begins none.
    Iterator<ImportRow> entries = ImportRow.in(read, isCsv, target.kind());
    String ours = into == null ? target.database() : into;
    try (Opened opened = dryRun ? target.openToLook(ours) : target.openOrBegin(ours)) {
      ShardAdmin admin = opened.admin();
      List<BinLoad> before = admin.bins();
      if (noNewBins && isAnyBinNew(admin, ImportRow.in(read, isCsv, target.kind()), output.err())) {
        return ExitCodes.REFUSED;
      }
      AssignmentImporter importer =
          new AssignmentImporter(
              admin, opened.settings().userNames(), note, output.err(), dryRun, allOrNothing);
      Result result = importer.take(entries);
      tellClosed(before, admin, output.err());
      return tell(output, List.of(result));
    }
  }

  private static int tell(OutputOptions output, List<Result> results) {
    output.all(AssignmentImporter.RESULTS, results.iterator());
    return results.stream().allMatch(result -> result.refused() == 0)
        ? ExitCodes.DONE
        : ExitCodes.REFUSED;
  }

  private static int importFrom(
      OlderSharder.From from,
      DatabaseOptions target,
      OutputOptions output,
      Note note,
      @Nullable Path file,
      @Nullable String into,
      boolean allOrNothing,
      boolean noNewBins,
      boolean dryRun) {
    CallystoFile settings = file == null ? null : CallystoFile.read(file);
    String theirs = target.named();
    if (theirs == null) {
      if (settings == null) {
        throw new UsageException(
            "the older sharder's database is not named; do so with --database, or name its"
                + " sharder.yml");
      }
      theirs = settings.url();
    }
    Properties login = settings == null ? new Properties() : settings.login();
    secret("SHARDER_FROM_USER", "user", login);
    secret("SHARDER_FROM_PASSWORD", "password", login);
    try (OlderSharder older = OlderSharder.open(from, theirs, login);
        Opened opened = dryRun ? target.openToLook(into) : target.openOrBegin(into)) {
      Map<String, Map<String, Bin>> kinds = new LinkedHashMap<>(older.bins());
      if (settings != null) {
        kinds.computeIfAbsent("hub", kind -> new LinkedHashMap<>()).putAll(settings.hubs());
      }
      List<Result> results = new ArrayList<>();
      results.addAll(strays(older, output.err()));
      if (noNewBins && isAnyBinNew(opened, kinds, output.err())) {
        return ExitCodes.REFUSED;
      }
      if (allOrNothing && !dryRun && isAnyRefused(older, opened, kinds, results, note, output)) {
        output.err().println("nothing was taken over, as all or nothing was asked");
        return ExitCodes.REFUSED;
      }
      kinds.forEach(
          (kind, bins) -> {
            ShardAdmin admin = opened.admin(kind);
            List<BinLoad> before = admin.bins();
            if (!dryRun) {
              addUnknown(admin, bins, note, output.err());
            }
            AssignmentImporter importer =
                new AssignmentImporter(
                    admin, opened.settings().userNames(), note, output.err(), dryRun, allOrNothing);
            results.add(older.entries(kind, importer::take));
            tellClosed(before, admin, output.err());
          });
      return tell(output, results);
    }
  }

  private static List<Result> strays(OlderSharder older, PrintWriter err) {
    List<String> strays = older.strays();
    strays.forEach(row -> err.println(row + ": it has no kind, so nobody could ever ask for it"));
    return strays.isEmpty() ? List.of() : List.of(new Result("", 0, 0, strays.size()));
  }

  /** Looks through all kinds before the first is taken over, since each is a step of its own. */
  private static boolean isAnyRefused(
      OlderSharder older,
      Opened opened,
      Map<String, Map<String, Bin>> kinds,
      List<Result> strays,
      Note note,
      OutputOptions output) {
    long refused = strays.stream().mapToLong(Result::refused).sum();
    for (String kind : kinds.keySet()) {
      AssignmentImporter importer =
          new AssignmentImporter(
              opened.admin(kind), opened.settings().userNames(), note, output.err(), true, false);
      refused += older.entries(kind, importer::take).refused();
    }
    return refused > 0;
  }

  private static void tellClosed(List<BinLoad> before, ShardAdmin admin, PrintWriter err) {
    Set<String> known = before.stream().map(BinLoad::name).collect(Collectors.toSet());
    List<String> closed =
        admin.bins().stream()
            .filter(bin -> bin.bin().state() != BinState.OPEN && !known.contains(bin.name()))
            .map(BinLoad::name)
            .toList();
    if (!closed.isEmpty()) {
      err.println(
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

  private static boolean isAnyBinNew(
      ShardAdmin admin, Iterator<ImportRow> entries, PrintWriter err) {
    Map<String, String> named = new LinkedHashMap<>();
    entries.forEachRemaining(
        entry -> {
          if (entry.adoption() != null) {
            named.putIfAbsent(entry.adoption().bin(), entry.where());
          }
        });
    return isAnyBinNew(admin, named, err);
  }

  private static boolean isAnyBinNew(
      Opened opened, Map<String, Map<String, Bin>> kinds, PrintWriter err) {
    boolean isAny = false;
    for (Map.Entry<String, Map<String, Bin>> kind : kinds.entrySet()) {
      Map<String, String> named = new LinkedHashMap<>();
      kind.getValue().keySet().forEach(bin -> named.put(bin, "over there"));
      isAny |= isAnyBinNew(opened.admin(kind.getKey()), named, err);
    }
    return isAny;
  }

  /** Reports every bin that is unknown here, with who names it first. */
  private static boolean isAnyBinNew(ShardAdmin admin, Map<String, String> named, PrintWriter err) {
    NewBinCheck newBins = new NewBinCheck(admin.kind(), admin.bins(), err);
    Map<String, String> unknown = new LinkedHashMap<>(named);
    unknown.keySet().removeIf(bin -> !newBins.isNew(bin));
    unknown.forEach(
        (bin, where) ->
            err.println(
                "%s: kind '%s' has no bin '%s'%s"
                    .formatted(where, admin.kind(), bin, newBins.hint(bin))));
    if (!unknown.isEmpty()) {
      err.println(
          "nothing was taken over, as there are to be no new bins; correct the names, or add the"
              + " bins with 'bin add'");
    }
    return !unknown.isEmpty();
  }

  private static void addUnknown(
      ShardAdmin admin, Map<String, Bin> bins, Note note, PrintWriter err) {
    Map<String, Bin> known = new LinkedHashMap<>();
    List<BinLoad> here = admin.bins();
    here.forEach(bin -> known.put(bin.name(), bin.bin()));
    NewBinCheck newBins = new NewBinCheck(admin.kind(), here, err);
    for (Bin bin : bins.values()) {
      Bin same = known.get(bin.name());
      if (same == null) {
        newBins.problem("taken over", bin.name());
        try {
          admin.addBin(bin, note);
        } catch (RefusedException | InvalidValueException refusal) {
          err.println(refusal.getMessage());
        }
      } else if (bin.offset() != same.offset() && bin.offset() != 0) {
        err.println(
            "bin '%s' of kind '%s' is here with offset %d and was not changed; over there it has %d extra_shards: use 'bin set' if these are meant"
                .formatted(bin.name(), admin.kind(), same.offset(), bin.offset()));
      }
    }
  }

  @Command(
      name = "export",
      description = "Writes all assignments of a kind, in the order of the objects' names.")
  static int export(
      @Mixin DatabaseOptions target,
      @Mixin OutputOptions output,
      @Parameters(
              arity = "0..1",
              paramLabel = "FILE",
              description = "where to (default: standard output)")
          @Nullable Path file,
      @Option(names = "--format", description = "csv or jsonl (default: by the file's name)")
          @Nullable FileFormat format) {
    boolean isCsv = FileFormat.of(format, file) == FileFormat.CSV;
    try (Opened opened = target.open()) {
      Iterator<Assignment> all = opened.admin().list(Listing.all(PAGE));
      if (file == null) {
        write(all, isCsv, output, output.out());
      } else {
        try (PrintWriter writer = PrivateFile.writer(file)) {
          write(all, isCsv, output, writer);
        }
      }
      return ExitCodes.DONE;
    } catch (IOException failure) {
      throw new UncheckedIOException(
          "the assignments cannot be written%s: %s; see that there is room and that it may be written"
              .formatted(file == null ? "" : " to '" + file + "'", failure),
          failure);
    }
  }

  static void write(Iterator<Assignment> all, boolean isCsv, OutputOptions output, PrintWriter out)
      throws IOException {
    if (isCsv) {
      output.writeCsv(OutputTable.ASSIGNMENTS, all, out);
    } else {
      while (all.hasNext()) {
        out.println(OutputOptions.text(OutputTable.ASSIGNMENTS.fields(all.next())));
      }
    }
    if (out.checkError()) {
      throw new IOException("not everything could be written");
    }
  }

  @Command(
      name = "verify",
      description = {
        "Holds the data against what is promised.",
        "",
        "Counters must equal what bins hold, every object and every group must be in one known"
            + " bin,",
        "retired bins must be empty, and the changes must tell where their objects are."
      })
  static int verify(
      @Mixin DatabaseOptions target,
      @Mixin OutputOptions output,
      @Mixin ChangeNoteOptions why,
      @Mixin ConfirmOptions consent,
      @Option(names = "--repair", description = "mend the counters, and nothing else")
          boolean repair) {
    try (Opened opened = target.open()) {
      ShardAdmin admin = opened.admin();
      List<Finding> findings = admin.verify(MOST_FINDINGS);
      if (repair && !findings.isEmpty() && consent.isGiven("Mend the counters?")) {
        admin
            .repair(why.note("repaired by hand"))
            .forEach(
                (bin, more) ->
                    output
                        .err()
                        .println("the count of bin '%s' was wrong by %d".formatted(bin, -more)));
        findings = admin.verify(MOST_FINDINGS);
      }
      output.all(OutputTable.FINDINGS, findings.iterator());
      if (findings.isEmpty() && output.isForPeople()) {
        output.out().println("nothing is wrong with kind '%s'".formatted(admin.kind()));
        output.out().flush();
      }
      return findings.isEmpty() ? ExitCodes.DONE : ExitCodes.REFUSED;
    }
  }
}
