package dev.sharder.examples.hub.redirect;

import dev.sharder.InvalidValueException;
import dev.sharder.Placement;
import dev.sharder.Sharder;
import dev.sharder.examples.hub.http.ErrorProblems;
import dev.sharder.examples.hub.http.IoThread;
import dev.sharder.examples.hub.http.Problem;
import dev.sharder.examples.hub.http.RefusedRequestException;
import dev.sharder.examples.hub.http.RemoteUser;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.SameThreadExecutor;
import io.undertow.util.StatusCodes;
import java.math.BigDecimal;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds or assigns the hub of the user that nginx names, and lets a subclass answer with it. Errors
 * are answered as {@code application/problem+json} (RFC 9457).
 */
public abstract class UserHandler implements HttpHandler {

  private static final Logger log = LoggerFactory.getLogger(UserHandler.class);

  private static final Set<HubCookie.CookieVerdict> LOGGED =
      EnumSet.of(HubCookie.CookieVerdict.FORGED, HubCookie.CookieVerdict.AMBIGUOUS);

  private final Sharder sharder;
  private final UserNames users;
  final HubCookie cookie;

  UserHandler(Sharder sharder, UserNames users, HubCookie cookie) {
    this.sharder = sharder;
    this.users = users;
    this.cookie = cookie;
  }

  /**
   * Answers with the user's hub, and ends the exchange.
   *
   * @throws InvalidValueException if the settings let no user be sent to the hub
   */
  abstract void answer(HttpServerExchange exchange, Placement placement);

  /** Checks the cookie of the request, if there is one, and logs what is wrong with it. */
  final Optional<HubCookie.CookieVerdict> judge(HttpServerExchange exchange, Placement placement) {
    Optional<HubCookie.CookieVerdict> verdict =
        cookie.judge(HubCookie.sent(exchange), placement.object(), placement.bin());
    verdict
        .filter(LOGGED::contains)
        .ifPresent(found -> log.warn("the cookie {}; it came from {}", found, placement.object()));
    return verdict;
  }

  /** Holds no thread while a new user waits for the database, so that known users need not wait. */
  @Override
  public void handleRequest(HttpServerExchange exchange) {
    exchange.getResponseHeaders().put(Headers.CACHE_CONTROL, "no-store");
    try {
      String user = user(exchange);
      long start = System.nanoTime();
      CompletionStage<Placement> answer = sharder.assignAsync(user);
      exchange.dispatch(
          SameThreadExecutor.INSTANCE,
          () ->
              answer.whenComplete(
                  (placement, error) ->
                      IoThread.end(exchange, () -> end(exchange, placement, error, start))));
    } catch (RefusedRequestException refusal) {
      refusal.problem().answer(exchange);
    } catch (InvalidValueException noUser) {
      ErrorProblems.forUser(noUser).answer(exchange);
    }
  }

  private void end(
      HttpServerExchange exchange,
      @Nullable Placement placement,
      @Nullable Throwable error,
      long start) {
    try {
      if (placement == null) {
        ErrorProblems.forUser(error).answer(exchange);
        return;
      }
      report(placement, System.nanoTime() - start);
      answer(exchange, placement);
    } catch (Throwable failure) {
      abandon(exchange, failure);
    }
  }

  /** Ends the exchange in any case; a failure sets no cookie. */
  private static void abandon(HttpServerExchange exchange, Throwable failure) {
    if (exchange.isResponseStarted()) {
      log.error("an answer could not be completed", failure);
      exchange.endExchange();
      return;
    }
    exchange.getResponseHeaders().remove(Headers.SET_COOKIE);
    exchange.getResponseHeaders().remove(Headers.LOCATION);
    Problem problem =
        failure instanceof InvalidValueException unusableHub
            ? ErrorProblems.forUserOf(unusableHub)
            : ErrorProblems.forUser(failure);
    problem.answer(exchange);
  }

  /** Logs which hub a user has, and how long that took. */
  public static void report(Placement placement, long nanos) {
    // The name comes last, so that nothing in it can forge the fields before it.
    log.info(
        "{} {} in {} ms for user {}",
        placement.isNew() ? "new" : "found",
        placement.bin(),
        BigDecimal.valueOf(nanos / 1_000, 3),
        placement.object());
  }

  private String user(HttpServerExchange exchange) throws RefusedRequestException {
    Optional<String> named = RemoteUser.of(exchange);
    if (named.isEmpty()) {
      throw new RefusedRequestException(StatusCodes.UNAUTHORIZED, RemoteUser.MISSING);
    }
    return users.spelled(named.get());
  }
}
