package dev.sharder.examples.hub.api;

import dev.sharder.admin.Change;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A change in the API. */
record ChangeJson(
    long id,
    String kind,
    long revision,
    @Nullable String object,
    @Nullable String from,
    @Nullable String to,
    String what,
    String actor,
    String reason,
    String at,
    long version,
    @Nullable String since) {

  static List<ChangeJson> of(List<Change> changes) {
    return changes.stream().map(ChangeJson::of).toList();
  }

  private static ChangeJson of(Change change) {
    return new ChangeJson(
        change.id(),
        change.kind(),
        change.revision(),
        change.object().orElse(null),
        change.from().orElse(null),
        change.to().orElse(null),
        change.what().word(),
        change.note().actor(),
        change.note().reason(),
        change.at().toString(),
        change.version(),
        change.since().map(Instant::toString).orElse(null));
  }
}
