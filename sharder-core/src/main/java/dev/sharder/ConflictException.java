package dev.sharder;

import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** An assignment is no longer what the caller took it for; nothing was changed. */
public final class ConflictException extends SharderException {

  private static final long serialVersionUID = 1L;

  private final transient @Nullable Assignment actual;

  public ConflictException(OptionalLong expectedVersion, Assignment actual) {
    super(message(expectedVersion, actual), null);
    this.actual = actual;
  }

  private static String message(OptionalLong expectedVersion, Assignment actual) {
    return "object '%s' of kind '%s' has changed: it is in '%s' with version %d since %s, %s; look at its history and decide anew"
        .formatted(
            actual.object(),
            actual.kind(),
            actual.bin(),
            actual.version(),
            actual.assignedAt(),
            expectedVersion.isPresent()
                ? "not version " + expectedVersion.getAsLong()
                : "not where it was expected");
  }

  /**
   * Returns the assignment as it is.
   *
   * @return null only where this error was serialized
   */
  public @Nullable Assignment actual() {
    return actual;
  }
}
