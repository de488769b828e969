package dev.sharder.admin;

import dev.sharder.InvalidValueException;
import dev.sharder.Names;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * An object that is to go to another bin; a compare-and-set.
 *
 * @param object the object; if it has a group, the whole group goes
 * @param from the bin it must be in; empty for any
 * @param to the bin it is to go to
 * @param version the version its assignment must have; empty for any
 */
public record Move(String object, Optional<String> from, String to, OptionalLong version) {

  /**
   * Refuses nonsense.
   *
   * @throws InvalidValueException if a name is not one, or the version is below 1
   */
  public Move {
    Names.check("object", object);
    from.ifPresent(bin -> Names.check("bin", bin));
    Names.check("bin", to);
    if (version.isPresent() && version.getAsLong() < 1) {
      throw new InvalidValueException(
          "move of '%s' expects version %d; versions start at 1"
              .formatted(object, version.getAsLong()));
    }
  }

  /**
   * Returns a move from wherever the object is.
   *
   * @param object the object
   * @param to the bin it is to go to
   * @return the move
   * @throws InvalidValueException if a name is not one
   */
  public static Move of(String object, String to) {
    return new Move(object, Optional.empty(), to, OptionalLong.empty());
  }

  /**
   * Returns this move on the condition that the assignment has that version.
   *
   * @param version 1 or more
   * @return the changed copy
   * @throws InvalidValueException if it is below 1
   */
  public Move ifVersion(long version) {
    return new Move(object, from, to, OptionalLong.of(version));
  }
}
