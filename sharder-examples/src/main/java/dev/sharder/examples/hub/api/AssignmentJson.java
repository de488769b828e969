package dev.sharder.examples.hub.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.sharder.Assignment;
import dev.sharder.Placement;
import org.jspecify.annotations.Nullable;

/** An assignment in the API; {@code isNew} is present only in answers to requests that assign. */
record AssignmentJson(
    String kind,
    String object,
    String bin,
    long version,
    String assignedAt,
    long size,
    @Nullable String group,
    @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Boolean isNew) {

  static AssignmentJson of(Assignment assignment) {
    return of(assignment, null);
  }

  static AssignmentJson of(Placement placement) {
    return of(placement.assignment(), placement.isNew());
  }

  private static AssignmentJson of(Assignment assignment, @Nullable Boolean isNew) {
    return new AssignmentJson(
        assignment.kind(),
        assignment.object(),
        assignment.bin(),
        assignment.version(),
        assignment.assignedAt().toString(),
        assignment.size(),
        assignment.group().orElse(null),
        isNew);
  }
}
