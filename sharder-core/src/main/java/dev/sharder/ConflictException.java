package dev.sharder;

import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** Thrown when an assignment is not in the state that the caller expects. Nothing was changed. */
public final class ConflictException extends SharderException {

  private static final long serialVersionUID = 1L;

  private final transient @Nullable Assignment actual;

  /**
   * Creates the exception.
   *
   * @param expectedVersion the version that the caller expected; empty if it expected another bin
   * @param actual the assignment as it is
   */
  public ConflictException(OptionalLong expectedVersion, Assignment actual) {
    super(message(expectedVersion, actual), null);
    this.actual = actual;
  }

  private static String message(OptionalLong expectedVersion, Assignment actual) {
    return "object '%s' of kind '%s' has changed: it is in '%s' with version %d since %s, %s; check its history and decide again"
        .formatted(
            actual.object(),
            actual.kind(),
            actual.bin(),
            actual.version(),
            actual.assignedAt(),
            expectedVersion.isPresent() && expectedVersion.getAsLong() != actual.version()
                ? "not version " + expectedVersion.getAsLong()
                : "not where it was expected");
  }

  /**
   * Returns the assignment as it is.
   *
   * @return the assignment; empty only after this exception was deserialized
   */
  public Optional<Assignment> actual() {
    return Optional.ofNullable(actual);
  }
}
