package dev.sharder.admin;

/**
 * What came of applying moves.
 *
 * @param moved objects that went, with those who went along with their group
 * @param before objects that were there already
 * @param skipped objects that changed since the moves were made, or that their bin refused
 */
public record MoveCounts(long moved, long before, long skipped) {

  MoveCounts plus(MoveResult moves) {
    return new MoveCounts(
        moved + moves.moved().size(),
        before + moves.unmoved().size(),
        skipped + moves.refused().size());
  }
}
