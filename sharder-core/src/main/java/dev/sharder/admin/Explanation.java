package dev.sharder.admin;

import dev.sharder.Assignment;
import dev.sharder.AssignmentRequest;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Where an object is assigned; or, for a new object, where it would be assigned and why not
 * elsewhere.
 *
 * @param request the object
 * @param assignment the object's assignment; empty if it is new
 * @param wouldGet the bin that a new object would get now; empty if the object is already assigned,
 *     or if no bin can take it
 * @param others why each other bin would not be chosen, such as {@code is full (40 of 40)}, in the
 *     order of their names; empty if the object is already assigned
 */
public record Explanation(
    AssignmentRequest request,
    Optional<Assignment> assignment,
    Optional<String> wouldGet,
    Map<String, String> others) {

  /** Copies the map, in its order. */
  public Explanation {
    others = Collections.unmodifiableMap(new LinkedHashMap<>(others));
  }
}
