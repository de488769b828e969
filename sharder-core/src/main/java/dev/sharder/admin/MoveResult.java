package dev.sharder.admin;

import dev.sharder.Assignment;
import dev.sharder.ConflictException;
import dev.sharder.NotFoundException;
import dev.sharder.RefusedException;
import dev.sharder.SharderException;
import java.util.Map;

/**
 * What came of some moves: every object is in exactly one of the maps.
 *
 * @param moved where those are that were moved now; with them those who moved along with their
 *     group
 * @param unmoved where those are that were there already, moved by an earlier try or by chance
 * @param refused why the others stay where they are: {@link NotFoundException}, {@link
 *     ConflictException} or {@link RefusedException}
 * @param revision the kind's revision after these moves
 */
public record MoveResult(
    Map<String, Assignment> moved,
    Map<String, Assignment> unmoved,
    Map<String, SharderException> refused,
    long revision) {

  /** Takes copies that nobody can change. */
  public MoveResult {
    moved = Map.copyOf(moved);
    unmoved = Map.copyOf(unmoved);
    refused = Map.copyOf(refused);
  }
}
