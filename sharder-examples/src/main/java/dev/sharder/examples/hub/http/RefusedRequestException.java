package dev.sharder.examples.hub.http;

/** A request was refused; carries the problem that explains why. */
public final class RefusedRequestException extends Exception {

  private static final long serialVersionUID = 1L;

  private final transient Problem problem;

  /**
   * Creates the exception.
   *
   * @param status the status of the answer
   * @param detail the value and the cure; no internals
   */
  public RefusedRequestException(int status, String detail) {
    super(detail);
    this.problem = Problem.of(status, detail);
  }

  public Problem problem() {
    return problem;
  }
}
