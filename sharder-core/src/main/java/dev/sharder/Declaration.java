package dev.sharder;

import java.util.List;

/**
 * What declaring bins changed, by bin name.
 *
 * @param added bins that were unknown
 * @param updated bins whose weight, offset, capacity or labels changed
 * @param reopened bins that had been cordoned because they were no longer declared, and are again
 * @param cordoned bins that were open and are no longer declared
 */
public record Declaration(
    List<String> added, List<String> updated, List<String> reopened, List<String> cordoned) {

  /** Takes copies that nobody can change. */
  public Declaration {
    added = List.copyOf(added);
    updated = List.copyOf(updated);
    reopened = List.copyOf(reopened);
    cordoned = List.copyOf(cordoned);
  }

  /**
   * Tells whether there was anything to change.
   *
   * @return false if the bins were already as declared
   */
  public boolean changedAnything() {
    return !(added.isEmpty() && updated.isEmpty() && reopened.isEmpty() && cordoned.isEmpty());
  }
}
