package dev.sharder.admin;

import dev.sharder.InvalidValueException;
import java.util.Locale;

/**
 * An inconsistency in the data: a promise that does not hold.
 *
 * @param promise the promise
 * @param subject the name of the bin, object or group
 * @param detail what is wrong, in one line
 */
public record Finding(Promise promise, String subject, String detail) {

  /** What is true for the data of a kind after every commit. */
  public enum Promise {
    /** A bin's counter equals the sum of the sizes of its assignments. */
    COUNTERS,
    /** Every assignment is in a bin that exists. */
    BINS,
    /** Every object is in exactly one bin. */
    OBJECTS,
    /** All objects of a group are in one bin. */
    GROUPS,
    /** A retired bin is empty. */
    STATES,
    /** The latest change of each object agrees with its assignment. */
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
     * Returns the promise with the given word.
     *
     * @param word a word that {@link #word} returns
     * @return the promise
     * @throws InvalidValueException if no promise has this word
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
