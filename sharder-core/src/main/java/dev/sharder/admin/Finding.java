package dev.sharder.admin;

import dev.sharder.InvalidValueException;
import java.util.Locale;

/**
 * An inconsistency in the data: a promise that does not hold.
 *
 * @param promise the promise
 * @param subject the name of the bin, object, group or kind
 * @param detail what is wrong, in one line, in the words of its {@link Promise}
 */
public record Finding(Promise promise, String subject, String detail) {

  /**
   * What is true for the data of a kind after every commit, and what is found if it is not. Every
   * store describes it in the same words; {@code n}, {@code m} and the names in angle brackets
   * stand for values.
   */
  public enum Promise {
    /**
     * A bin's counter equals the sum of the sizes of its assignments. The subject is the bin:
     * {@code counts n and holds m}.
     */
    COUNTERS,
    /**
     * Every assignment is in a bin that exists. The subject is the bin that does not: {@code is
     * unknown and holds n, such as <object>}, with the number of its objects and the first by name.
     */
    BINS,
    /**
     * Every object is in exactly one bin. The subject is the object: {@code is assigned n times}.
     * Nothing to look for if the store cannot keep two.
     */
    OBJECTS,
    /** All objects of a group are in one bin. The subject is the group: {@code is in n bins}. */
    GROUPS,
    /**
     * A retired bin is empty. The subject is the bin: {@code is retired and holds n, such as
     * <object>}, with the number of its objects and the first by name.
     */
    STATES,
    /**
     * The changes of an object agree with each other and with its assignment. The subject is the
     * object, and a finding is due in these cases only:
     *
     * <ul>
     *   <li>Its latest change is a move, and it is in another bin, has another version than the
     *       move gave it, or is not assigned: {@code was last moved to <bin> as version n and is in
     *       <bin> as version m}, and if it is not assigned, {@code is in no bin as version 0}.
     *   <li>Its version is above 1, and its latest change is no move or there is none: {@code has
     *       version n and no move that made it so}.
     *   <li>It left another bin than the one to which the change before moved it: {@code had come
     *       to <bin> and left <bin>}.
     * </ul>
     *
     * <p>So an assignment of version 1 may be in any bin if its object was never changed, or was
     * removed last: first assignments are not recorded. A finding is also due if the kind's
     * revision is lower than that of a change; its subject is the kind: {@code has revision n and a
     * change of revision m}.
     */
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
