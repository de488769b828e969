package dev.sharder.examples.hub.api;

import dev.sharder.admin.Change;
import java.util.Set;

/**
 * Which changes a request asks for.
 *
 * @param bins the bins, one of which the change concerns; empty for all
 * @param actors who made the change; empty for anyone
 */
record ChangeFilter(Set<String> bins, Set<String> actors) {

  static ChangeFilter of(ApiRequest call) {
    return new ChangeFilter(Set.copyOf(call.all("bin")), Set.copyOf(call.all("actor")));
  }

  boolean accepts(Change change) {
    boolean isOfBin =
        bins.isEmpty()
            || change.from().filter(bins::contains).isPresent()
            || change.to().filter(bins::contains).isPresent();
    return isOfBin && (actors.isEmpty() || actors.contains(change.note().actor()));
  }
}
