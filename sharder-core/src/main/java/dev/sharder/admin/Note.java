package dev.sharder.admin;

import dev.sharder.InvalidValueException;
import dev.sharder.Names;

/**
 * Who makes a change, and why. It is recorded with the change. Immutable.
 *
 * @param actor a name of 1 to 255 code points, such as {@code ada}
 * @param reason any text of at most 1,000 characters without control characters; may be empty
 */
public record Note(String actor, String reason) {

  private static final int LONGEST_REASON = 1_000;

  /**
   * Validates the components.
   *
   * @throws InvalidValueException if the actor is not a valid name, or the reason is too long or
   *     has control characters
   */
  public Note {
    Names.check("actor", actor);
    Names.checkText("reason", reason);
    int length = reason.codePointCount(0, reason.length());
    if (length > LONGEST_REASON) {
      throw new InvalidValueException(
          "the reason has %d characters; use %d at most".formatted(length, LONGEST_REASON));
    }
  }
}
