package dev.sharder.store;

import dev.sharder.InvalidValueException;
import dev.sharder.Names;
import java.util.Set;

/**
 * Which assignments of a kind to list, in the order of their objects' names by code point.
 * Immutable.
 *
 * @param from where the names start, inclusive; not necessarily a valid name: it may be empty or
 *     contain control characters, but no half of a surrogate pair
 * @param below where the names end, exclusive; not necessarily a valid name either, and possibly
 *     longer than one
 * @param bins the names of the bins whose assignments are listed; empty for all bins
 * @param groupsOnce whether a group is listed once: as its first member by name, with the total
 *     size of all its members. That member is the first of the whole group, so a listing that
 *     begins after it does not contain the group
 * @param limit the maximum number of assignments, from 1 to {@link Integer#MAX_VALUE}
 */
public record Listing(String from, String below, Set<String> bins, boolean groupsOnce, int limit) {

  /** Above every name. */
  private static final String END = Character.toString(Character.MAX_CODE_POINT).repeat(256);

  /**
   * Validates the limit and copies the names of the bins.
   *
   * @throws InvalidValueException if the limit is below 1
   */
  public Listing {
    if (limit < 1) {
      throw new InvalidValueException(
          "a listing has a limit of %d; use 1 or more".formatted(limit));
    }
    bins = Set.copyOf(bins);
  }

  /**
   * Returns a listing of all assignments, from the first name on.
   *
   * @param limit the maximum number of assignments, 1 or more
   * @return the listing
   * @throws InvalidValueException if the limit is below 1
   */
  public static Listing all(int limit) {
    return new Listing("", END, Set.of(), false, limit);
  }

  /**
   * Returns this listing for some bins only.
   *
   * @param bins the names of the bins; empty for all
   * @return a changed copy
   * @throws InvalidValueException if a name has a character that no name has
   */
  public Listing ofBins(Set<String> bins) {
    bins.forEach(bin -> Names.checkText("bin name", bin));
    return new Listing(from, below, bins, groupsOnce, limit);
  }

  /**
   * Returns this listing for names with the given prefix, from the first of them on.
   *
   * @param prefix the prefix; may be empty
   * @return a changed copy
   * @throws InvalidValueException if the prefix has a character that no name has
   */
  public Listing startingWith(String prefix) {
    return new Listing(Names.checkText("prefix", prefix), above(prefix), bins, groupsOnce, limit);
  }

  /**
   * Returns this listing from the name after the given one on: the next page.
   *
   * @param object the last name of the previous page
   * @return a changed copy
   * @throws InvalidValueException if the name has a character that no name has
   */
  public Listing after(String object) {
    // Names have no control characters, so no name lies in between.
    return new Listing(
        Names.checkText("object name", object) + "\u0001", below, bins, groupsOnce, limit);
  }

  /**
   * Returns this listing with each group listed once: as its first member by name, with the total
   * size of all its members.
   *
   * @return a changed copy
   */
  public Listing withGroupsOnce() {
    return new Listing(from, below, bins, true, limit);
  }

  /** Returns the least text above all texts with the prefix. */
  private static String above(String prefix) {
    int[] points = prefix.codePoints().toArray();
    int last = points.length - 1;
    while (last >= 0 && points[last] == Character.MAX_CODE_POINT) {
      last--;
    }
    if (last < 0) {
      return END;
    }
    // A database cannot store half a surrogate pair.
    points[last] = points[last] + 1 == Character.MIN_SURROGATE ? 0xe000 : points[last] + 1;
    return new String(points, 0, last + 1);
  }
}
