package dev.sharder;

/** Thrown when an object has no assignment, or a bin does not exist. Nothing was changed. */
public final class NotFoundException extends SharderException {

  private static final long serialVersionUID = 1L;

  private NotFoundException(String message) {
    super(message, null);
  }

  /**
   * Returns the exception for an object that has no assignment.
   *
   * @param kind the namespace
   * @param object the object's name
   * @return a new exception, to be thrown by the caller
   */
  public static NotFoundException object(String kind, String object) {
    return new NotFoundException(
        "object '%s' of kind '%s' has no assignment; check its spelling (names are exact), or assign it"
            .formatted(object, kind));
  }

  /**
   * Returns the exception for a bin that does not exist.
   *
   * @param kind the namespace
   * @param bin the bin's name
   * @return a new exception, to be thrown by the caller
   */
  public static NotFoundException bin(String kind, String bin) {
    return new NotFoundException(
        "bin '%s' of kind '%s' is unknown; check its spelling (names are exact), or add it"
            .formatted(bin, kind));
  }
}
