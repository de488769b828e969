package dev.sharder.admin;

import dev.sharder.Assignment;
import dev.sharder.AssignmentRequest;
import java.util.Map;
import java.util.Optional;

/**
 * Where an object is, or where it would go and why not elsewhere.
 *
 * @param request the object
 * @param assignment where it is and since when; empty if it is new
 * @param wouldGet the bin that it would get now if it came; empty if it is not new, or if none is
 *     open to it
 * @param others why each other bin was not chosen, such as {@code is full (40 of 40)}, in the order
 *     of their names; empty if it is not new
 */
public record Explanation(
    AssignmentRequest request,
    Optional<Assignment> assignment,
    Optional<String> wouldGet,
    Map<String, String> others) {}
