package dev.sharder.examples.hub.http;

/** A request that does not get what it asks for, with the problem that says why. */
public final class RefusedRequestException extends Exception {

  private static final long serialVersionUID = 1L;

  private final transient Problem problem;

  /**
   * Refuses.
   *
   * @param status the status of the answer
   * @param detail the value and the cure; nothing from inside
   */
  public RefusedRequestException(int status, String detail) {
    super(detail);
    this.problem = Problem.of(status, detail);
  }

  public Problem problem() {
    return problem;
  }
}
