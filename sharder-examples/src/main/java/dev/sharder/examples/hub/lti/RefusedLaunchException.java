package dev.sharder.examples.hub.lti;

/** A launch is refused; the message says why, and has nothing in it that was sent. */
public final class RefusedLaunchException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private static final int MALFORMED = 400;
  private static final int UNPROVEN = 401;
  private static final int UNREACHABLE = 503;

  /** The HTTP status that says it. */
  private final int status;

  private RefusedLaunchException(int status, String message) {
    super(message);
    this.status = status;
  }

  /** It cannot be understood. */
  static RefusedLaunchException malformed(String message) {
    return new RefusedLaunchException(MALFORMED, message);
  }

  /** It proves nothing. */
  static RefusedLaunchException unproven(String message) {
    return new RefusedLaunchException(UNPROVEN, message);
  }

  /** The platform that could prove it cannot be reached now. */
  static RefusedLaunchException unreachable(String message) {
    return new RefusedLaunchException(UNREACHABLE, message);
  }

  /** The HTTP status that says it: 400, 401 or 503. */
  public int status() {
    return status;
  }

  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
