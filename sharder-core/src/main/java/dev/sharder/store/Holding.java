package dev.sharder.store;

/**
 * The number of units of one size that a bin holds. A unit is what moves together: an object
 * without a group, or a whole group. Immutable.
 *
 * @param bin the name of the bin
 * @param size the size of each unit, 1 or more
 * @param units the number of units, 1 or more
 */
public record Holding(String bin, long size, long units) {}
