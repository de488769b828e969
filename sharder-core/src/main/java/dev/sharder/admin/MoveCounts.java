package dev.sharder.admin;

/**
 * The result of applying many moves, in objects.
 *
 * @param moved objects that were moved, including those that moved with their group
 * @param unmoved objects that were already in their target bin
 * @param skipped objects that had changed since the moves were made, or that their target bin
 *     refused
 */
public record MoveCounts(long moved, long unmoved, long skipped) {

  static final MoveCounts NONE = new MoveCounts(0, 0, 0);

  MoveCounts plus(MoveResult moves) {
    return new MoveCounts(
        moved + moves.moved().size(),
        unmoved + moves.unmoved().size(),
        skipped + moves.refused().size());
  }
}
