package dev.sharder.examples.hub.cli;

import dev.sharder.Assignment;
import dev.sharder.AssignmentRequest;
import dev.sharder.BinLoad;
import dev.sharder.NotFoundException;
import dev.sharder.Placement;
import dev.sharder.Sharder;
import dev.sharder.admin.Change;
import dev.sharder.admin.Explanation;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.examples.hub.cli.DatabaseOptions.Opened;
import dev.sharder.examples.hub.redirect.HubNames;
import dev.sharder.store.Listing;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The commands about objects: their bins, their moves and their history. */
final class ObjectCommands {

  private static final int PAGE = 1_000;

  private static final OutputTable<Placement> PLACEMENTS =
      new OutputTable<Placement>()
          .with("object", Placement::object)
          .with("bin", Placement::bin)
          .with("new", Placement::isNew)
          .with("version", placement -> placement.assignment().version())
          .with("assigned_at", placement -> placement.assignment().assignedAt().toString());

  /** A bin, and why an object would go there or not. */
  private record Reason(String bin, String reason) {}

  private static final OutputTable<Reason> REASONS =
      new OutputTable<Reason>().with("bin", Reason::bin).with("reason", Reason::reason);

  @Command(
      name = "assign",
      description = {
        "Returns an object's assignment, and makes it if there is none.",
        "",
        "Names are exact here. The server lowercases names, unless its configuration has",
        "lowercase: false."
      })
  static int assign(
      @Mixin DatabaseOptions target,
      @Mixin OutputOptions output,
      @Parameters(paramLabel = "OBJECT") String object,
      @Option(
              names = "--size",
              paramLabel = "N",
              defaultValue = "1",
              description = "how much load a new object adds (default: ${DEFAULT-VALUE})")
          long size,
      @Option(
              names = "--group",
              paramLabel = "NAME",
              description = "the group whose members share a bin with a new object")
          @Nullable String group,
      @Option(
              names = "--attribute",
              paramLabel = "KEY=VALUE",
              description = {
                "an attribute of a new object; repeat for several. Those that match-labels in the",
                "configuration names must equal the label of its bin"
              })
          @Nullable Map<String, String> attributes) {
    AssignmentRequest request = request(target, object, size, group, attributes);
    try (Opened opened = target.openOrDeclare();
        Sharder sharder =
            Sharder.builder(opened.kind(), opened.database().store())
                .policy(opened.settings().policy(opened.kind()))
                .timeLimit(opened.timeLimit())
                .cache(0)
                .build()) {
      if (opened.kind().equals(HubNames.KIND)) {
        // Refuses what cannot be a user.
        opened.settings().users().spelled(object);
      }
      NameHint.show(output, opened, object);
      output.one(PLACEMENTS, sharder.assign(request));
      return ExitCodes.DONE;
    }
  }

  private static AssignmentRequest request(
      DatabaseOptions target,
      String object,
      long size,
      @Nullable String group,
      @Nullable Map<String, String> attributes) {
    return new AssignmentRequest(
        target.kind(),
        object,
        size,
        Optional.ofNullable(group),
        attributes == null ? Map.of() : attributes);
  }

  @Command(name = "find", description = "Returns an object's assignment; never makes one.")
  static int find(
      @Mixin DatabaseOptions target,
      @Mixin OutputOptions output,
      @Parameters(paramLabel = "OBJECT") String object) {
    try (Opened opened = target.open()) {
      NameHint.show(output, opened, object);
      output.one(OutputTable.assignments(), known(opened.admin(), object));
      return ExitCodes.DONE;
    }
  }

  private static Assignment known(ShardAdmin admin, String object) {
    return admin.find(object).orElseThrow(() -> NotFoundException.object(admin.kind(), object));
  }

  @Command(
      name = "explain",
      description = {
        "Explains where an object is, or where it would go and why.",
        "",
        "For a new object, shows the bin it would get now, and why no other bin; writes",
        "nothing, except a database that is not there yet."
      })
  static int explain(
      @Mixin DatabaseOptions target,
      @Mixin OutputOptions output,
      @Parameters(paramLabel = "OBJECT") String object,
      @Option(
              names = "--size",
              paramLabel = "N",
              defaultValue = "1",
              description = "the size of a new object")
          long size,
      @Option(names = "--group", paramLabel = "NAME", description = "the group of a new object")
          @Nullable String group,
      @Option(
              names = "--attribute",
              paramLabel = "KEY=VALUE",
              description = "an attribute of a new object; repeat for several")
          @Nullable Map<String, String> attributes) {
    AssignmentRequest request = request(target, object, size, group, attributes);
    try (Opened opened = target.openOrDeclare()) {
      NameHint.show(output, opened, object);
      Explanation explanation = opened.admin().explain(request);
      if (output.isCsv()) {
        output.all(REASONS, reasons(explanation).iterator());
      } else if (!output.isForPeople()) {
        output.json(fields(explanation));
      } else if (explanation.assignment().isPresent()) {
        Assignment known = explanation.assignment().get();
        output
            .out()
            .println(
                "'%s' is in '%s' since %s, version %d"
                    .formatted(object, known.bin(), known.assignedAt(), known.version()));
      } else {
        showNew(output, explanation);
      }
      output.out().flush();
      return ExitCodes.DONE;
    }
  }

  private static Map<String, @Nullable Object> fields(Explanation explanation) {
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    fields.put("object", explanation.request().object());
    fields.put(
        "assignment", explanation.assignment().map(OutputTable.assignments()::fields).orElse(null));
    fields.put("would_get", explanation.wouldGet().orElse(null));
    fields.put("others", explanation.others());
    return fields;
  }

  private static void showNew(OutputOptions output, Explanation explanation) {
    output
        .out()
        .println(
            "'%s' is new, and would go to %s"
                .formatted(
                    explanation.request().object(),
                    explanation.wouldGet().map(bin -> "'" + bin + "'").orElse("no bin")));
    if (!explanation.others().isEmpty()) {
      output.all(REASONS, reasons(explanation).iterator());
    }
  }

  private static List<Reason> reasons(Explanation explanation) {
    List<Reason> reasons = new ArrayList<>();
    explanation.assignment().ifPresent(known -> reasons.add(new Reason(known.bin(), "holds it")));
    explanation.wouldGet().ifPresent(bin -> reasons.add(new Reason(bin, "would get it")));
    explanation.others().forEach((bin, reason) -> reasons.add(new Reason(bin, reason)));
    return reasons;
  }

  @Command(name = "history", description = "Lists all changes of an object.")
  static int history(
      @Mixin DatabaseOptions target,
      @Mixin OutputOptions output,
      @Parameters(paramLabel = "OBJECT") String object) {
    try (Opened opened = target.open()) {
      NameHint.show(output, opened, object);
      List<Change> changes = opened.admin().history(object);
      if (changes.isEmpty()) {
        throw NotFoundException.object(opened.kind(), object);
      }
      output.all(OutputTable.changes(), changes.iterator());
      return ExitCodes.DONE;
    }
  }

  @Command(name = "list", description = "Lists assignments in the order of the objects' names.")
  static int list(
      @Mixin DatabaseOptions target,
      @Mixin OutputOptions output,
      @Option(names = "--bin", paramLabel = "NAME", description = "only objects in these bins")
          @Nullable Set<String> bins,
      @Option(
              names = "--prefix",
              paramLabel = "TEXT",
              defaultValue = "",
              description = "only objects whose names start like this")
          String prefix,
      @Option(
              names = "--label",
              paramLabel = "KEY=VALUE",
              description = "only objects in bins with this label; repeat to require several")
          @Nullable Map<String, String> labels,
      @Option(names = "--limit", paramLabel = "N", description = "the most assignments to list")
          @Nullable Long limit) {
    try (Opened opened = target.open()) {
      ShardAdmin admin = opened.admin();
      if (limit != null && limit < 0) {
        throw new UsageException("the limit %d is negative; use 0 or more".formatted(limit));
      }
      Set<String> wanted = bins == null ? Set.of() : bins;
      wanted.forEach(admin::bin);
      Listing listing = Listing.all(PAGE).startingWith(prefix).ofBins(wanted);
      Iterator<Assignment> found = admin.list(listing);
      if (labels != null) {
        Set<String> labelled = labelled(admin.bins(), labels, wanted);
        found =
            labelled.isEmpty()
                ? List.<Assignment>of().iterator()
                : admin.list(listing.ofBins(labelled));
      }
      output.all(OutputTable.assignments(), limit == null ? found : first(found, limit));
      return ExitCodes.DONE;
    }
  }

  private static Set<String> labelled(
      List<BinLoad> bins, Map<String, String> labels, Set<String> among) {
    return bins.stream()
        .filter(bin -> bin.bin().labels().entrySet().containsAll(labels.entrySet()))
        .map(BinLoad::name)
        .filter(name -> among.isEmpty() || among.contains(name))
        .collect(Collectors.toSet());
  }

  private static <T> Iterator<T> first(Iterator<T> all, long limit) {
    Iterable<T> rows = () -> all;
    Stream<T> stream = StreamSupport.stream(rows.spliterator(), false);
    return stream.limit(limit).iterator();
  }

  @Command(
      name = "remove",
      description = "Removes an object's assignment, so that it may be assigned again.")
  static int remove(
      @Mixin DatabaseOptions target,
      @Mixin OutputOptions output,
      @Mixin ChangeNoteOptions why,
      @Mixin ConfirmOptions consent,
      @Parameters(paramLabel = "OBJECT") String object,
      @Option(
              names = "--expect-version",
              paramLabel = "N",
              description = "only if its assignment still has this version")
          @Nullable Long version) {
    try (Opened opened = target.open()) {
      NameHint.show(output, opened, object);
      ShardAdmin admin = opened.admin();
      Assignment found = known(admin, object);
      if (consent.isDryRun()) {
        output.one(OutputTable.assignments(), found);
      } else if (consent.isGiven("Remove '%s' from '%s'?".formatted(object, found.bin()))) {
        // Not what a colleague moved meanwhile: the question named another bin.
        OptionalLong expected = OptionalLong.of(version == null ? found.version() : version);
        output.one(
            OutputTable.assignments(), admin.remove(object, expected, why.note("removed by hand")));
      }
      return ExitCodes.DONE;
    }
  }
}
