package dev.sharder.admin;

import dev.sharder.Assignment;
import dev.sharder.BinState;
import dev.sharder.InvalidValueException;
import java.time.Instant;
import java.util.Optional;

/**
 * A recorded change of an object or a bin. First assignments are not recorded as changes.
 * Immutable.
 *
 * @param id its position in the order of the kind's changes; 0 before it is recorded
 * @param kind the namespace
 * @param revision the kind's revision after this change; 0 before it is recorded
 * @param object the object that was moved or removed; empty for a change of a bin
 * @param from the bin that the object left, or the bin that changed; empty for a first assignment
 * @param to the bin that the object was moved to, or the bin that changed; empty for a removal
 * @param what what happened
 * @param note who made the change, and why
 * @param at when it was made, by the store's clock
 * @param version the version of the object's assignment before; 0 for a change of a bin
 * @param since when the object had been placed in the bin that it left; empty for a change of a bin
 */
public record Change(
    long id,
    String kind,
    long revision,
    Optional<String> object,
    Optional<String> from,
    Optional<String> to,
    What what,
    Note note,
    Instant at,
    long version,
    Optional<Instant> since) {

  /** What a change did. */
  public enum What {
    /** The object was assigned. Appears only in an object's history; never recorded. */
    ASSIGNED("assigned"),
    /** The object was moved to another bin. */
    MOVED("moved"),
    /** The object's assignment was removed. */
    REMOVED("removed"),
    /** The bin was added. */
    BIN_ADDED("bin-added"),
    /** The bin's weight, offset, capacity or labels changed. */
    BIN_UPDATED("bin-updated"),
    /** The bin was opened. */
    BIN_OPENED("bin-opened"),
    /** The bin was cordoned. */
    BIN_CORDONED("bin-cordoned"),
    /** The bin was set to draining. */
    BIN_DRAINING("bin-draining"),
    /** The bin was retired. */
    BIN_RETIRED("bin-retired"),
    /** The bin's counter was repaired. */
    BIN_RECOUNTED("bin-recounted");

    private final String word;

    What(String word) {
      this.word = word;
    }

    /**
     * Returns the word for this constant in SQL, messages and files.
     *
     * @return such as {@code bin-added}
     */
    public String word() {
      return word;
    }

    /**
     * Returns the constant with the given word.
     *
     * @param word a word that {@link #word} returns
     * @return the constant
     * @throws InvalidValueException if no constant has this word
     */
    public static What of(String word) {
      for (What what : values()) {
        if (what.word.equals(word)) {
          return what;
        }
      }
      throw new InvalidValueException(
          "change '%s' is unknown; it was written by a newer version of Sharder; use that version"
              .formatted(word));
    }

    /**
     * Returns the change that puts a bin into the given state.
     *
     * @param state the new state
     * @return one of {@link #BIN_OPENED}, {@link #BIN_CORDONED}, {@link #BIN_DRAINING} and {@link
     *     #BIN_RETIRED}
     */
    public static What becoming(BinState state) {
      return switch (state) {
        case OPEN -> BIN_OPENED;
        case CORDONED -> BIN_CORDONED;
        case DRAINING -> BIN_DRAINING;
        case RETIRED -> BIN_RETIRED;
      };
    }
  }

  /**
   * Returns a change of a bin, not yet recorded.
   *
   * @param kind the namespace
   * @param bin the bin's name
   * @param what what happened to the bin
   * @param note who made the change, and why
   * @param at when it was made
   * @return the change, with id and revision 0
   */
  public static Change ofBin(String kind, String bin, What what, Note note, Instant at) {
    Optional<String> name = Optional.of(bin);
    return new Change(
        0, kind, 0, Optional.empty(), name, name, what, note, at, 0, Optional.empty());
  }

  /**
   * Returns a move or a removal of an object, not yet recorded.
   *
   * @param before the assignment before the change
   * @param to the bin that the object was moved to; empty if its assignment was removed
   * @param note who made the change, and why
   * @param at when it was made
   * @return the change, with id and revision 0
   */
  public static Change ofObject(Assignment before, Optional<String> to, Note note, Instant at) {
    return new Change(
        0,
        before.kind(),
        0,
        Optional.of(before.object()),
        Optional.of(before.bin()),
        to,
        to.isPresent() ? What.MOVED : What.REMOVED,
        note,
        at,
        before.version(),
        Optional.of(before.assignedAt()));
  }

  /**
   * Returns an entry for an object's first assignment, or its first after a removal. Stores do not
   * record these; an object's history derives them from the assignment and its later changes.
   *
   * @param kind the namespace
   * @param object the object's name
   * @param bin the name of the bin that it was placed in
   * @param at when it was placed there
   * @return the entry, with id, revision and version 0, the actor {@code sharder} and no reason
   */
  public static Change first(String kind, String object, String bin, Instant at) {
    return new Change(
        0,
        kind,
        0,
        Optional.of(object),
        Optional.empty(),
        Optional.of(bin),
        What.ASSIGNED,
        new Note("sharder", ""),
        at,
        0,
        Optional.empty());
  }

  /**
   * Returns this change with the id and the revision under which a store recorded it.
   *
   * @param id its position in the order of the kind's changes, 1 or more
   * @param revision the kind's revision after this change, 1 or more
   * @return a changed copy
   */
  public Change recorded(long id, long revision) {
    return new Change(id, kind, revision, object, from, to, what, note, at, version, since);
  }
}
