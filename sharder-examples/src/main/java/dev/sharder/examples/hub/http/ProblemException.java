package dev.sharder.examples.hub.http;

import io.undertow.util.HttpString;
import java.util.Map;

/** A request is invalid; carries the problem that explains why. */
public final class ProblemException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final transient Problem problem;

  /** Headers to send with the problem; never copied from the request. */
  private final transient Map<HttpString, String> headers;

  public ProblemException(int status, String detail) {
    this(status, detail, Map.of());
  }

  public ProblemException(int status, String detail, Map<HttpString, String> headers) {
    super(detail);
    this.problem = Problem.of(status, detail);
    this.headers = headers;
  }

  public Problem problem() {
    return problem;
  }

  public Map<HttpString, String> headers() {
    return headers;
  }
}
