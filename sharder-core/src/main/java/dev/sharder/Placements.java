package dev.sharder;

import java.util.Map;

/**
 * What came of placing a group: every object is in exactly one of the two maps.
 *
 * @param placed the answers by object
 * @param refused the errors by object, each for its own caller alone
 */
public record Placements(Map<String, Placement> placed, Map<String, SharderException> refused) {

  /** Takes copies that nobody can change. */
  public Placements {
    placed = Map.copyOf(placed);
    refused = Map.copyOf(refused);
  }
}
