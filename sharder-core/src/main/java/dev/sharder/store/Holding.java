package dev.sharder.store;

/**
 * So many units of one size that a bin holds. A unit is what moves together: an object without a
 * group, or a whole group.
 *
 * @param bin the name of the bin
 * @param size the size of each unit
 * @param units how many there are, 1 or more
 */
public record Holding(String bin, long size, long units) {}
