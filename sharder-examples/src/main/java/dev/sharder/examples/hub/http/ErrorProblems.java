package dev.sharder.examples.hub.http;

import dev.sharder.ConflictException;
import dev.sharder.InvalidValueException;
import dev.sharder.NoOpenBinException;
import dev.sharder.NotFoundException;
import dev.sharder.PolicyException;
import dev.sharder.RefusedException;
import dev.sharder.SharderException;
import io.undertow.util.StatusCodes;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Which problem an error is to whoever asked: what is inside is for the log alone. */
public final class ErrorProblems {

  private static final Logger log = LoggerFactory.getLogger(ErrorProblems.class);

  private ErrorProblems() {}

  public static Problem of(Throwable error) {
    if (error instanceof CompletionException wrapped && wrapped.getCause() != null) {
      return of(wrapped.getCause());
    }
    if (error instanceof ProblemException known) {
      return known.problem();
    }
    return error instanceof SharderException known ? of(known) : failed(error);
  }

  private static Problem of(SharderException error) {
    if (error instanceof InvalidValueException) {
      return Problem.of(StatusCodes.UNPROCESSABLE_ENTITY, error.getMessage());
    }
    if (error instanceof NotFoundException) {
      return Problem.of(StatusCodes.NOT_FOUND, error.getMessage());
    }
    if (error instanceof ConflictException || error instanceof RefusedException) {
      return Problem.of(StatusCodes.CONFLICT, error.getMessage());
    }
    if (error instanceof NoOpenBinException) {
      log.warn("{}", error.getMessage());
      return Problem.of(StatusCodes.SERVICE_UNAVAILABLE, error.getMessage());
    }
    return error instanceof PolicyException ? failed(error) : away(error);
  }

  private static Problem away(SharderException error) {
    log.error("{}", error.getMessage());
    return Problem.of(
        StatusCodes.SERVICE_UNAVAILABLE,
        "the assignments cannot be reached now; ask again in a few seconds, and look first whether a change was made");
  }

  private static Problem failed(Throwable error) {
    log.error("a request failed as none should", error);
    return Problem.of(StatusCodes.INTERNAL_SERVER_ERROR, "the sharder failed; its log says why");
  }
}
