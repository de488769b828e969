package dev.sharder.admin;

import dev.sharder.Assignment;
import dev.sharder.ConflictException;
import dev.sharder.NotFoundException;
import dev.sharder.RefusedException;
import dev.sharder.SharderException;
import java.util.Map;

/**
 * The result of some moves. Every object is in exactly one of the maps.
 *
 * @param moved the new assignments of the objects that were moved, including those that moved with
 *     their group, by object
 * @param unmoved the assignments of objects that were already in their target bin, by object
 * @param refused why each other object was not moved, by object: a {@link NotFoundException},
 *     {@link ConflictException} or {@link RefusedException}
 * @param revisionBefore the kind's revision before these moves; if it is neither that of the {@link
 *     Plan} nor the revision after its previous batch, someone else changed the kind
 * @param revision the kind's revision after these moves
 */
public record MoveResult(
    Map<String, Assignment> moved,
    Map<String, Assignment> unmoved,
    Map<String, SharderException> refused,
    long revisionBefore,
    long revision) {

  /** Copies the maps. */
  public MoveResult {
    moved = Map.copyOf(moved);
    unmoved = Map.copyOf(unmoved);
    refused = Map.copyOf(refused);
  }

  /**
   * Returns how many units were moved, as a plan counts them: a group, whose members move together,
   * is one.
   *
   * @return 0 or more
   */
  public long units() {
    return moved.values().stream()
        .map(one -> one.group().map(group -> "group " + group).orElse("object " + one.object()))
        .distinct()
        .count();
  }
}
