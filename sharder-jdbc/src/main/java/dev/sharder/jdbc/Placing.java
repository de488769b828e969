package dev.sharder.jdbc;

import dev.sharder.Assignment;
import dev.sharder.BinPolicy;
import dev.sharder.Choices;
import dev.sharder.Placement;
import dev.sharder.Placements;
import dev.sharder.SharderException;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** One group on its way to its bins, under the lock. */
final class Placing {

  private final Statements statements;
  private final String kind;
  private final Set<String> newcomers;
  private final Map<String, Placement> placed = new HashMap<>();

  Placing(Statements statements, String kind, List<String> objects) {
    this.statements = statements;
    this.kind = kind;
    this.newcomers = new LinkedHashSet<>(objects);
    statements.find(kind, objects).forEach(found -> add(found, false));
  }

  Placements by(BinPolicy policy) {
    if (policy.equals(BinPolicy.emptiest())) {
      placeInSql();
    }
    return new Placements(placed, newcomers.isEmpty() ? Map.of() : placeInJava(policy));
  }

  /** Leaves those over for whom there is no room. */
  private void placeInSql() {
    boolean progress = true;
    while (progress && !newcomers.isEmpty()) {
      List<Assignment> made = statements.placeIntoEmptiest(kind, List.copyOf(newcomers));
      made.forEach(assignment -> add(assignment, true));
      progress = !made.isEmpty();
    }
  }

  private Map<String, SharderException> placeInJava(BinPolicy policy) {
    Choices choices = Choices.of(kind, List.copyOf(newcomers), policy, statements.bins(kind));
    List<String> objects = List.copyOf(choices.chosen().keySet());
    if (!objects.isEmpty()) {
      List<String> bins = List.copyOf(choices.chosen().values());
      statements.insert(kind, objects, bins);
      statements.count(kind, bins);
      statements.find(kind, objects).forEach(made -> add(made, true));
    }
    return choices.refused();
  }

  private void add(Assignment assignment, boolean isNew) {
    placed.put(assignment.object(), new Placement(assignment, isNew));
    newcomers.remove(assignment.object());
  }
}
