package dev.sharder.admin;

import dev.sharder.Assignment;
import dev.sharder.BinState;
import dev.sharder.InvalidValueException;
import java.time.Instant;
import java.util.Optional;

/**
 * What once happened to an object or a bin, other than a first assignment.
 *
 * @param id its place in the order of all changes; 0 before it is recorded
 * @param kind the namespace
 * @param revision what it raised the kind's revision to; 0 before it is recorded
 * @param object the object that was moved or removed; empty for a change of a bin
 * @param from the bin it left, or the bin that changed
 * @param to the bin it came to, or the bin that changed; empty for a removal
 * @param what one of the words of {@link What}
 * @param note who changed it, and why
 * @param at when, by the store's clock
 * @param version the version of the object's assignment before; 0 for a change of a bin
 * @param since when the object had come to the bin that it left; empty for a change of a bin
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

  /** The kinds of change. */
  public enum What {
    /** The object came to a bin for the first time; only told, never recorded. */
    ASSIGNED("assigned"),
    /** The object went to another bin. */
    MOVED("moved"),
    /** The object's assignment was taken away. */
    REMOVED("removed"),
    /** The bin is new. */
    BIN_ADDED("bin-added"),
    /** The bin's weight, offset, capacity or labels changed. */
    BIN_UPDATED("bin-updated"),
    /** The bin opened. */
    BIN_OPENED("bin-opened"),
    /** The bin was cordoned. */
    BIN_CORDONED("bin-cordoned"),
    /** The bin is being emptied. */
    BIN_DRAINING("bin-draining"),
    /** The bin was retired. */
    BIN_RETIRED("bin-retired"),
    /** The bin's count was mended. */
    BIN_RECOUNTED("bin-recounted");

    private final String word;

    What(String word) {
      this.word = word;
    }

    /**
     * Returns the word for it in SQL, messages and files.
     *
     * @return such as {@code bin-added}
     */
    public String word() {
      return word;
    }

    /**
     * Returns what that word says.
     *
     * @param word a word that {@link #word} returns
     * @return what it says
     * @throws InvalidValueException if there is no such word
     */
    public static What of(String word) {
      for (What what : values()) {
        if (what.word.equals(word)) {
          return what;
        }
      }
      throw new InvalidValueException(
          "change '%s' is unknown; it was written by a newer version of Sharder, so use that"
              .formatted(word));
    }

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
   * Returns a change of a bin that is yet to be recorded.
   *
   * @param kind the namespace
   * @param bin the bin
   * @param what what happened to it
   * @param note who changed it, and why
   * @param at when
   * @return the change
   */
  public static Change ofBin(String kind, String bin, What what, Note note, Instant at) {
    Optional<String> name = Optional.of(bin);
    return new Change(
        0, kind, 0, Optional.empty(), name, name, what, note, at, 0, Optional.empty());
  }

  /** What became of the assignment; to no bin if it was removed. */
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

  /** Tells of a first assignment, of which nothing is recorded but its time. */
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

  /** Returns this change as it was recorded. */
  public Change recorded(long id, long revision) {
    return new Change(id, kind, revision, object, from, to, what, note, at, version, since);
  }
}
