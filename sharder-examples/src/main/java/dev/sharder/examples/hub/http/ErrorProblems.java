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
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one mapping from an error to an HTTP problem, for the two who may ask: a user whose browser
 * was sent here, and a program that uses the REST API. A user reads what to do next, and sees
 * nothing of the store; a program gets the library's own message. The log has the details.
 */
public final class ErrorProblems {

  private static final Logger log = LoggerFactory.getLogger(ErrorProblems.class);

  private static final String FAILED = "the sharder failed; contact the operator";

  private static final String BAD_NAME =
      "this user name cannot be kept: it is too long, or has characters that cannot be shown,"
          + " blanks around it, or a capital letter whose small form is also another letter's; log in under another name";

  private static final String FULL =
      "no hub accepts new users now; try again later, or contact the operator";

  private static final String AWAY =
      "the assignments are unavailable now; try again in a few seconds, or contact the operator";

  private ErrorProblems() {}

  private enum Cause {
    INVALID,
    NOT_FOUND,
    CONFLICT,
    FULL,
    STORE,
    POLICY,
    BUG
  }

  private static Cause cause(@Nullable Throwable error) {
    if (error instanceof InvalidValueException) {
      return Cause.INVALID;
    }
    if (error instanceof NotFoundException) {
      return Cause.NOT_FOUND;
    }
    if (error instanceof ConflictException || error instanceof RefusedException) {
      return Cause.CONFLICT;
    }
    if (error instanceof NoOpenBinException) {
      return Cause.FULL;
    }
    if (error instanceof PolicyException) {
      return Cause.POLICY;
    }
    return error instanceof SharderException ? Cause.STORE : Cause.BUG;
  }

  /** Returns the problem for a user who is to be sent to a hub. */
  public static Problem forUser(@Nullable Throwable failure) {
    Throwable error = unwrapped(failure);
    return switch (cause(error)) {
      // 400, and 422 for a program: here the name is a header of the request, so the request itself
      // is bad. There the name is a value in a request that was understood, and 400 means one that
      // was not, such as a body that is not JSON.
      case INVALID -> {
        log.warn("{}", message(error));
        yield Problem.of(StatusCodes.BAD_REQUEST, BAD_NAME);
      }
      case FULL -> {
        log.warn("{}", message(error));
        yield Problem.of(StatusCodes.SERVICE_UNAVAILABLE, FULL);
      }
      // 503, and 500 for a program where a policy failed: a browser shows the page that nginx has
      // for 503, and asks again.
      case STORE, POLICY, NOT_FOUND, CONFLICT -> {
        log.error("{}", message(error));
        yield Problem.of(StatusCodes.SERVICE_UNAVAILABLE, AWAY);
      }
      case BUG -> failed(error, FAILED);
    };
  }

  /**
   * Returns the problem for a user who has a hub to which the settings do not let anyone be sent:
   * 500, as only the operator can correct that.
   */
  public static Problem forUserOf(InvalidValueException unusableHub) {
    log.error("{}", unusableHub.getMessage());
    return Problem.of(StatusCodes.INTERNAL_SERVER_ERROR, FAILED);
  }

  /** Returns the problem for a program that uses the REST API. */
  public static Problem forProgram(@Nullable Throwable failure) {
    Throwable error = unwrapped(failure);
    if (error instanceof ProblemException known) {
      return known.problem();
    }
    return switch (cause(error)) {
      case INVALID -> Problem.of(StatusCodes.UNPROCESSABLE_ENTITY, message(error));
      case NOT_FOUND -> Problem.of(StatusCodes.NOT_FOUND, message(error));
      case CONFLICT -> Problem.of(StatusCodes.CONFLICT, message(error));
      case FULL -> {
        log.warn("{}", message(error));
        yield Problem.of(StatusCodes.SERVICE_UNAVAILABLE, message(error));
      }
      case STORE -> {
        log.error("{}", message(error));
        yield Problem.of(
            StatusCodes.SERVICE_UNAVAILABLE,
            "the assignments are unavailable now; try again in a few seconds, and check first whether a change was made");
      }
      case POLICY, BUG -> failed(error, "the sharder failed; its log says why");
    };
  }

  private static Problem failed(@Nullable Throwable error, String detail) {
    log.error("unexpected error", error);
    return Problem.of(StatusCodes.INTERNAL_SERVER_ERROR, detail);
  }

  private static String message(@Nullable Throwable error) {
    return error == null ? "" : String.valueOf(error.getMessage());
  }

  private static @Nullable Throwable unwrapped(@Nullable Throwable error) {
    return error instanceof CompletionException && error.getCause() != null
        ? error.getCause()
        : error;
  }
}
