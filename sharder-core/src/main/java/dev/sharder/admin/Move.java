package dev.sharder.admin;

import dev.sharder.InvalidValueException;
import dev.sharder.Names;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A request to move an object to another bin, with optional conditions (a compare-and-set).
 * Immutable.
 *
 * @param object the object; if it has a group, the whole group moves
 * @param from the bin it must be in; empty for any
 * @param to the bin to move it to
 * @param version the version its assignment must have; empty for any
 */
public record Move(String object, Optional<String> from, String to, OptionalLong version) {

  /**
   * Validates the components.
   *
   * @throws InvalidValueException if a name is not valid, or the version is below 1
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
   * Returns a move without conditions: from any bin, at any version.
   *
   * @param object the object's name
   * @param to the name of the bin to move it to
   * @return the move
   * @throws InvalidValueException if a name is not valid
   */
  public static Move of(String object, String to) {
    return new Move(object, Optional.empty(), to, OptionalLong.empty());
  }

  /**
   * Returns this move on the condition that the assignment has the given version.
   *
   * @param version 1 or more
   * @return a changed copy
   * @throws InvalidValueException if the version is below 1
   */
  public Move ifVersion(long version) {
    return new Move(object, from, to, OptionalLong.of(version));
  }
}
