package dev.sharder.jdbc;

import static java.util.function.Predicate.not;
import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;

import dev.sharder.Assignment;
import dev.sharder.BinPolicy;
import dev.sharder.Choices;
import dev.sharder.Placement;
import dev.sharder.Placements;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** One group on its way to its bins. */
final class Placing {

  private final String kind;
  private final List<String> objects;
  private final Map<String, Placement> placed = new HashMap<>();

  Placing(String kind, List<String> objects) {
    this.kind = kind;
    this.objects = objects;
  }

  /** Takes in what was placed for this group, and committed. */
  void made(List<Assignment> assignments) {
    assignments.forEach(assignment -> add(placed, assignment, true));
  }

  boolean isDone() {
    return placed.size() == objects.size();
  }

  Placements result() {
    return new Placements(placed, Map.of());
  }

  /** Answers for the rest, in a transaction that may be tried again: nothing is remembered here. */
  Placements finish(Statements statements, BinPolicy policy) {
    statements.lockKind(kind);
    Map<String, Placement> all = new HashMap<>(placed);
    statements.find(kind, missing(all)).forEach(found -> add(all, found, false));
    List<String> newcomers = missing(all);
    if (newcomers.isEmpty()) {
      return new Placements(all, Map.of());
    }
    Choices choices = Choices.of(kind, newcomers, policy, statements.bins(kind));
    List<String> chosen = List.copyOf(choices.chosen().keySet());
    if (!chosen.isEmpty()) {
      List<String> bins = List.copyOf(choices.chosen().values());
      statements.insert(kind, chosen, bins).forEach(made -> add(all, made, true));
      statements.count(kind, bins.stream().collect(groupingBy(bin -> bin, counting())));
    }
    return new Placements(all, choices.refused());
  }

  private List<String> missing(Map<String, Placement> known) {
    return objects.stream().filter(not(known::containsKey)).toList();
  }

  private static void add(Map<String, Placement> to, Assignment assignment, boolean isNew) {
    to.put(assignment.object(), new Placement(assignment, isNew));
  }
}
