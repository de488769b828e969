package dev.sharder.admin;

import dev.sharder.InvalidValueException;
import java.util.Locale;

/**
 * Something in the data that breaks a promise.
 *
 * @param promise the promise
 * @param subject the name of the bin, object or group
 * @param detail what is wrong, in one line
 */
public record Finding(Promise promise, String subject, String detail) {

  /** What holds for the data of a kind at every commit. */
  public enum Promise {
    /** A bin's counter equals the sum of the sizes of its assignments. */
    COUNTERS,
    /** Every assignment is in a bin that exists. */
    BINS,
    /** Every object is in one bin. */
    OBJECTS,
    /** Every group is in one bin. */
    GROUPS,
    /** A retired bin is empty. */
    STATES,
    /** The latest change of each object says where it is. */
    CHANGES;

    /**
     * Returns the word for this promise in SQL, messages and files: the constant in lower case.
     *
     * @return such as {@code counters}
     */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }

    /**
     * Returns the promise of that word.
     *
     * @param word a word that {@link #word} returns
     * @return the promise
     * @throws InvalidValueException if there is no such promise
     */
    public static Promise of(String word) {
      for (Promise promise : values()) {
        if (promise.word().equals(word)) {
          return promise;
        }
      }
      throw new InvalidValueException(
          "promise '%s' is unknown; use counters, bins, objects, groups, states or changes"
              .formatted(word));
    }
  }
}
