package dev.sharder.examples.hub.cli;

import dev.sharder.Assignment;
import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinPolicy;
import dev.sharder.admin.AdoptMode;
import dev.sharder.admin.Adoption;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.admin.Simulation;
import dev.sharder.examples.hub.cli.DatabaseOptions.Opened;
import dev.sharder.examples.hub.config.Settings;
import dev.sharder.examples.hub.redirect.HubNames;
import dev.sharder.store.AssignmentStore;
import dev.sharder.store.Listing;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The bins that a simulation begins with, and the objects that arrive first.
 *
 * @param simulation the bins, and what they hold
 * @param arrivals the objects of a file or of a replay, in their order
 * @param ramp the ramp of the configuration
 */
record SimulationStart(
    Simulation simulation, List<AssignmentRequest> arrivals, OptionalDouble ramp) {

  private static final int PAGE = 10_000;
  private static final Note NOTE = new Note("simulate", "");

  /** Reads the file, if there is one; then the database, unless bins are named there or here. */
  static SimulationStart read(
      DatabaseOptions target,
      SimulateOptions options,
      @Nullable Path file,
      @Nullable FileFormat format) {
    Settings settings = target.settings();
    List<Adoption> assigned = new ArrayList<>();
    List<AssignmentRequest> unassigned = new ArrayList<>();
    if (file != null) {
      boolean isCsv = FileFormat.of(format, file) == FileFormat.CSV;
      UnaryOperator<String> spelled =
          target.kind().equals(HubNames.KIND)
              ? settings.users()::spelled
              : UnaryOperator.identity();
      ImportRow.objects(InputFile.of(file), isCsv, target.kind(), spelled)
          .forEach(
              row ->
                  row.getValue()
                      .ifPresentOrElse(
                          bin -> assigned.add(new Adoption(row.getKey(), bin)),
                          () -> unassigned.add(row.getKey())));
    }
    boolean isOfDatabase =
        assigned.isEmpty() && (options.bins().isEmpty() || (options.isReplay() && file == null));
    SimulationStart start =
        isOfDatabase
            ? ofDatabase(target, settings, options)
            : ofNames(target.kind(), options, assigned, settings);
    start.arrivals.addAll(unassigned);
    return start;
  }

  private static SimulationStart ofDatabase(
      DatabaseOptions target, Settings settings, SimulateOptions options) {
    Optional<Opened> found = target.openReadOnly();
    if (found.isEmpty()) {
      return ofSettings(
          target,
          settings,
          options.isReplay(),
          "there is no database at '%s', or it has no tables"
              .formatted(settings.database().shown()));
    }
    try (Opened opened = found.get()) {
      ShardAdmin admin = opened.admin();
      List<BinLoad> bins = admin.bins();
      if (bins.isEmpty()) {
        return ofSettings(
            target,
            settings,
            options.isReplay(),
            "kind '%s' has no bins in '%s'".formatted(target.kind(), settings.database().shown()));
      }
      return options.isReplay()
          ? new SimulationStart(
              emptyBins(target.kind(), options, bins), replayed(admin), settings.ramp())
          : new SimulationStart(
              Simulation.from(admin, BinPolicy.emptiest()), new ArrayList<>(), settings.ramp());
    }
  }

  /** Before the first start of a server, there are only the bins of its configuration. */
  private static SimulationStart ofSettings(
      DatabaseOptions target, Settings settings, boolean isReplay, String problem) {
    if (isReplay) {
      throw new UsageException(
          problem + "; for --replay name another --database or --kind, or a FILE of assignments");
    }
    if (settings.bins().isEmpty() || !target.kind().equals(HubNames.KIND)) {
      throw new UsageException(
          problem + "; name the bins with --bin or --bins, or another --database or --kind");
    }
    return new SimulationStart(
        Simulation.of(target.kind(), BinPolicy.emptiest(), settings.bins()),
        new ArrayList<>(),
        settings.ramp());
  }

  /** Returns the bins of the command line, if it names any, else those that there are. */
  private static Simulation emptyBins(String kind, SimulateOptions options, List<BinLoad> bins) {
    List<Bin> shapes = bins.stream().map(BinLoad::bin).toList();
    List<Bin> named = named(options.bins(), shapes);
    return Simulation.of(kind, BinPolicy.emptiest(), named.isEmpty() ? shapes : named);
  }

  /** Returns the bins of these names: as they are known, or else of weight 1. */
  private static List<Bin> named(Collection<String> names, List<Bin> known) {
    Map<String, Bin> byName =
        known.stream().collect(Collectors.toMap(Bin::name, Function.identity()));
    return names.stream().map(name -> byName.getOrDefault(name, Bin.of(name))).toList();
  }

  /** Returns requests for all objects, in the order in which they came to their bins. */
  private static List<AssignmentRequest> replayed(ShardAdmin admin) {
    List<Assignment> all = new ArrayList<>();
    admin.list(Listing.all(PAGE)).forEachRemaining(all::add);
    all.sort(Comparator.comparing(Assignment::assignedAt));
    List<AssignmentRequest> requests = new ArrayList<>();
    for (Assignment one : all) {
      requests.add(
          new AssignmentRequest(one.kind(), one.object(), one.size(), one.group(), Map.of()));
    }
    return requests;
  }

  /** Begins with the bins of the command line, and those of the file, as configured. */
  private static SimulationStart ofNames(
      String kind, SimulateOptions options, List<Adoption> assigned, Settings settings) {
    Set<String> names = new LinkedHashSet<>(options.bins());
    assigned.forEach(one -> names.add(one.bin()));
    List<Bin> configured = kind.equals(HubNames.KIND) ? settings.bins() : List.of();
    List<Bin> bins = named(names, configured);
    Simulation empty = Simulation.of(kind, BinPolicy.emptiest(), bins);
    if (options.isReplay()) {
      List<AssignmentRequest> arrivals = new ArrayList<>();
      assigned.forEach(one -> arrivals.add(one.request()));
      return new SimulationStart(empty, arrivals, settings.ramp());
    }
    return new SimulationStart(
        assigned.isEmpty() ? empty : holding(kind, bins, assigned),
        new ArrayList<>(),
        settings.ramp());
  }

  private static Simulation holding(String kind, List<Bin> bins, List<Adoption> assigned) {
    ShardAdmin admin = ShardAdmin.builder(kind, AssignmentStore.inMemory()).build();
    bins.forEach(bin -> admin.addBin(bin, NOTE));
    admin
        .adopt(assigned, AdoptMode.EACH, NOTE)
        .refused()
        .forEach(
            (object, refusal) -> {
              throw new UsageException(
                  "the file cannot be the start of a simulation: " + refusal.getMessage());
            });
    return Simulation.from(admin, BinPolicy.emptiest());
  }
}
