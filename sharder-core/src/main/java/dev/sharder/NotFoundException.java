package dev.sharder;

/** There is no such object or bin; nothing was changed. */
public final class NotFoundException extends SharderException {

  private static final long serialVersionUID = 1L;

  private NotFoundException(String message) {
    super(message, null);
  }

  public static NotFoundException object(String kind, String object) {
    return new NotFoundException(
        "object '%s' of kind '%s' is in no bin; see how it is written (names are exact), or assign it"
            .formatted(object, kind));
  }

  public static NotFoundException bin(String kind, String bin) {
    return new NotFoundException(
        "bin '%s' of kind '%s' is unknown; see how it is written (names are exact), or add it"
            .formatted(bin, kind));
  }
}
