package dev.sharder.store;

import java.util.Set;

/**
 * Which assignments of a kind to list, in the order of their objects' names by code point.
 *
 * @param from the least name, or what would come just before it
 * @param below names from here on are left out
 * @param bins only what these bins hold; empty for all
 * @param groupsOnce whether a group is listed once: as its first member by name, with the size of
 *     all its members together
 * @param limit how many at most, 1 or more
 */
public record Listing(String from, String below, Set<String> bins, boolean groupsOnce, int limit) {

  /** Above every name. */
  private static final String END = Character.toString(Character.MAX_CODE_POINT).repeat(256);

  /** Takes a copy that nobody can change. */
  public Listing {
    bins = Set.copyOf(bins);
  }

  /**
   * Returns a listing of everything.
   *
   * @param limit how many at most
   * @return from the first name on
   */
  public static Listing all(int limit) {
    return new Listing("", END, Set.of(), false, limit);
  }

  /**
   * Returns this listing of certain bins only.
   *
   * @param bins their names; empty for all
   * @return the changed copy
   */
  public Listing ofBins(Set<String> bins) {
    return new Listing(from, below, bins, groupsOnce, limit);
  }

  /**
   * Returns this listing of names that start alike.
   *
   * @param prefix how they start; may be empty
   * @return the changed copy
   */
  public Listing startingWith(String prefix) {
    return new Listing(prefix, above(prefix), bins, groupsOnce, limit);
  }

  /**
   * Returns the next page of this listing.
   *
   * @param object the last name of the page before
   * @return the changed copy
   */
  public Listing after(String object) {
    // No name has this character, so none lies in between.
    return new Listing(object + "\u0001", below, bins, groupsOnce, limit);
  }

  public Listing withGroupsOnce() {
    return new Listing(from, below, bins, true, limit);
  }

  /** The least text above all that start with the prefix. */
  private static String above(String prefix) {
    int[] points = prefix.codePoints().toArray();
    int last = points.length - 1;
    while (last >= 0 && points[last] == Character.MAX_CODE_POINT) {
      last--;
    }
    if (last < 0) {
      return END;
    }
    // Half a surrogate pair is no text to a database.
    points[last] = points[last] + 1 == Character.MIN_SURROGATE ? 0xe000 : points[last] + 1;
    return new String(points, 0, last + 1);
  }
}
