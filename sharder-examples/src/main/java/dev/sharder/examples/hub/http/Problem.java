package dev.sharder.examples.hub.http;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import dev.sharder.examples.hub.secrets.Secrets;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderMap;
import io.undertow.util.Headers;
import io.undertow.util.StatusCodes;
import java.nio.ByteBuffer;

/**
 * Reports to the client why a request failed, and what to do, as {@code application/problem+json}
 * (RFC 9457).
 *
 * @param title what the status is called
 * @param status the status of the answer
 * @param detail the value and the cure; no internals
 */
@JsonPropertyOrder({"title", "status", "detail"})
public record Problem(String title, int status, String detail) {

  private static final String RETRY_SECONDS = "5";

  /** Masks secrets that the detail quotes. */
  public Problem {
    detail = Secrets.masked(detail);
  }

  /** Returns the problem of that status. */
  public static Problem of(int status, String detail) {
    return new Problem(StatusCodes.getReason(status), status, detail);
  }

  /** Answers with this problem, and ends the exchange. */
  public void answer(HttpServerExchange exchange) {
    exchange.setStatusCode(status);
    HeaderMap headers = exchange.getResponseHeaders();
    headers.put(Headers.CONTENT_TYPE, "application/problem+json");
    if (status == StatusCodes.SERVICE_UNAVAILABLE) {
      headers.put(Headers.RETRY_AFTER, RETRY_SECONDS);
    }
    exchange.getResponseSender().send(ByteBuffer.wrap(StrictJson.line(this)));
  }
}
