package dev.sharder.store;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toSet;

import dev.sharder.Assignment;
import dev.sharder.BinLoad;
import dev.sharder.BinState;
import dev.sharder.Names;
import dev.sharder.admin.Change;
import dev.sharder.admin.Finding;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Checks the data of a kind against every {@link Finding.Promise}, for a store that can hold all of
 * it in memory. Its {@link AssignmentStore#verify} then only has to read everything at one moment.
 * Stores for large kinds check in their database.
 */
public final class ConsistencyCheck {

  private static final Comparator<Finding> ORDER =
      Comparator.comparing((Finding finding) -> finding.promise().word())
          .thenComparing(Finding::subject, Names.ORDER);

  private final Map<String, BinLoad> bins = new TreeMap<>(Names.ORDER);
  private final Map<String, List<Assignment>> held = new TreeMap<>(Names.ORDER);
  private final List<Finding> findings = new ArrayList<>();

  private ConsistencyCheck() {}

  /**
   * Returns the findings that {@link AssignmentStore#verify} returns for this data.
   *
   * @param kind the namespace
   * @param revision the kind's revision
   * @param bins all its bins, in any order
   * @param assignments all its assignments, in any order
   * @param changes all its changes, in the order in which they were made
   * @return the findings in their order, without a limit; empty if every promise holds
   */
  public static List<Finding> findings(
      String kind,
      long revision,
      Collection<BinLoad> bins,
      Collection<Assignment> assignments,
      List<Change> changes) {
    ConsistencyCheck check = new ConsistencyCheck();
    bins.forEach(bin -> check.bins.put(bin.name(), bin));
    assignments.forEach(
        one -> check.held.computeIfAbsent(one.bin(), bin -> new ArrayList<>()).add(one));
    check.checkBins();
    check.checkObjects(assignments);
    check.checkGroups(assignments);
    check.checkMoves(assignments, changes);
    changes.stream()
        .mapToLong(Change::revision)
        .max()
        .ifPresent(last -> check.checkRevision(kind, revision, last));
    check.findings.sort(ORDER);
    return List.copyOf(check.findings);
  }

  private void add(Finding.Promise promise, String subject, String detail) {
    findings.add(new Finding(promise, subject, detail));
  }

  private void checkBins() {
    bins.forEach(
        (name, bin) -> {
          List<Assignment> objects = held.getOrDefault(name, List.of());
          long sum = objects.stream().mapToLong(Assignment::size).sum();
          if (sum != bin.assigned()) {
            add(
                Finding.Promise.COUNTERS,
                name,
                "counts %d and holds %d".formatted(bin.assigned(), sum));
          }
          if (bin.bin().state() == BinState.RETIRED && !objects.isEmpty()) {
            add(Finding.Promise.STATES, name, "is retired and " + holds(objects));
          }
        });
    held.forEach(
        (bin, objects) -> {
          if (!bins.containsKey(bin)) {
            add(Finding.Promise.BINS, bin, "is unknown and " + holds(objects));
          }
        });
  }

  private static String holds(List<Assignment> objects) {
    String example = objects.stream().map(Assignment::object).min(Names.ORDER).orElseThrow();
    return "holds %d, such as %s".formatted(objects.size(), example);
  }

  private void checkObjects(Collection<Assignment> assignments) {
    assignments.stream()
        .collect(groupingBy(Assignment::object, counting()))
        .forEach(
            (object, times) -> {
              if (times > 1) {
                add(Finding.Promise.OBJECTS, object, "is assigned %d times".formatted(times));
              }
            });
  }

  private void checkGroups(Collection<Assignment> assignments) {
    Map<String, Set<String>> homes =
        assignments.stream()
            .filter(one -> one.group().isPresent())
            .collect(
                groupingBy(one -> one.group().orElseThrow(), mapping(Assignment::bin, toSet())));
    homes.forEach(
        (group, in) -> {
          if (in.size() > 1) {
            add(Finding.Promise.GROUPS, group, "is in %d bins".formatted(in.size()));
          }
        });
  }

  private void checkMoves(Collection<Assignment> assignments, List<Change> changes) {
    Map<String, Change> latest = new HashMap<>();
    for (Change change : changes) {
      change
          .object()
          .flatMap(object -> Optional.ofNullable(latest.put(object, change)))
          .ifPresent(before -> checkFollows(before, change));
    }
    Map<String, Assignment> now = new HashMap<>();
    assignments.forEach(one -> now.put(one.object(), one));
    latest.forEach(
        (object, change) -> checkMoved(object, change, Optional.ofNullable(now.get(object))));
    now.forEach(
        (object, one) -> {
          Change last = latest.get(object);
          if (one.version() > 1 && (last == null || last.to().isEmpty())) {
            add(
                Finding.Promise.CHANGES,
                object,
                "has version %d and no move that made it so".formatted(one.version()));
          }
        });
  }

  private void checkFollows(Change before, Change change) {
    if (before.to().isPresent() && !before.to().equals(change.from())) {
      add(
          Finding.Promise.CHANGES,
          change.object().orElseThrow(),
          "had come to %s and left %s"
              .formatted(before.to().get(), change.from().orElse("no bin")));
    }
  }

  private void checkMoved(String object, Change last, Optional<Assignment> now) {
    if (last.to().isEmpty()) {
      return;
    }
    String bin = now.map(Assignment::bin).orElse("no bin");
    long version = now.map(Assignment::version).orElse(0L);
    if (!last.to().get().equals(bin) || version != last.version() + 1) {
      add(
          Finding.Promise.CHANGES,
          object,
          "was last moved to %s as version %d and is in %s as version %d"
              .formatted(last.to().get(), last.version() + 1, bin, version));
    }
  }

  private void checkRevision(String kind, long revision, long last) {
    if (last > revision) {
      add(
          Finding.Promise.CHANGES,
          kind,
          "has revision %d and a change of revision %d".formatted(revision, last));
    }
  }
}
