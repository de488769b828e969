package dev.sharder.examples.hub.redirect;

import dev.sharder.InvalidValueException;
import dev.sharder.NoOpenBinException;
import dev.sharder.Placement;
import dev.sharder.Sharder;
import dev.sharder.SharderException;
import dev.sharder.examples.hub.config.Settings;
import dev.sharder.examples.hub.config.SettingsException;
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
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds or makes the hub of the user that nginx names, and has a subclass tell it; whoever gets
 * none is told why, as {@code application/problem+json} (RFC 9457).
 */
public abstract class UserHandler implements HttpHandler {

  private static final Logger log = LoggerFactory.getLogger(UserHandler.class);

  private static final String FAILED = "the sharder failed; tell the operator";

  private static final Set<HubCookie.Verdict> LOGGED =
      EnumSet.of(HubCookie.Verdict.FORGED, HubCookie.Verdict.AMBIGUOUS);

  private final Sharder sharder;
  final Settings settings;

  UserHandler(Sharder sharder, Settings settings) {
    this.sharder = sharder;
    this.settings = settings;
  }

  /** Tells the user's hub; ends the exchange. */
  abstract void tell(HttpServerExchange exchange, Placement placement);

  /** What the cookie that came along is worth, if one did; what is wrong with it is logged. */
  final Optional<HubCookie.Verdict> judge(HttpServerExchange exchange, Placement placement) {
    Optional<HubCookie.Verdict> verdict =
        settings.cookie().judge(HubCookie.sent(exchange), placement.object(), placement.bin());
    verdict
        .filter(LOGGED::contains)
        .ifPresent(found -> log.warn("the cookie {}; it came from {}", found, placement.object()));
    return verdict;
  }

  /**
   * Keeps no thread while the database makes a newcomer wait, so that known users need not wait.
   */
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
      refuse(exchange, noUser);
    }
  }

  private void end(
      HttpServerExchange exchange,
      @Nullable Placement placement,
      @Nullable Throwable error,
      long start) {
    try {
      if (placement == null) {
        refuse(exchange, cause(error));
        return;
      }
      report(placement, System.nanoTime() - start);
      tell(exchange, placement);
    } catch (Throwable failure) {
      abandon(exchange, failure);
    }
  }

  /** Whatever happens, the exchange ends, and a failure carries no cookie. */
  private static void abandon(HttpServerExchange exchange, Throwable failure) {
    if (exchange.isResponseStarted()) {
      log.error("an answer broke off", failure);
      exchange.endExchange();
      return;
    }
    exchange.getResponseHeaders().remove(Headers.SET_COOKIE);
    exchange.getResponseHeaders().remove(Headers.LOCATION);
    refuse(exchange, failure);
  }

  private static @Nullable Throwable cause(@Nullable Throwable error) {
    return error instanceof CompletionException ? error.getCause() : error;
  }

  public static void report(Placement placement, long nanos) {
    // The name comes last: whatever is in it, the fields before it are ours.
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
      throw new RefusedRequestException(
          StatusCodes.UNAUTHORIZED,
          "the header REMOTE_USER names nobody; have nginx log the user in and set it");
    }
    return settings.userName(named.get());
  }

  /** What is inside is for the log, and what to do for whoever asked. */
  public static void refuse(HttpServerExchange exchange, @Nullable Throwable error) {
    if (error instanceof InvalidValueException wrong) {
      log.warn("{}", wrong.getMessage());
      refuse(
          exchange,
          StatusCodes.BAD_REQUEST,
          "this user name cannot be kept: it is too long, or has characters that cannot be shown,"
              + " blanks around it, or capital letters that are another's too; log in under"
              + " another");
    } else if (error instanceof NoOpenBinException full) {
      log.warn("{}", full.getMessage());
      refuse(
          exchange,
          StatusCodes.SERVICE_UNAVAILABLE,
          "no hub takes anybody new now; ask again later, or tell the operator");
    } else if (error instanceof SettingsException setting) {
      log.error("{}", setting.getMessage());
      refuse(exchange, StatusCodes.INTERNAL_SERVER_ERROR, FAILED);
    } else if (error instanceof SharderException passing) {
      log.error("{}", passing.getMessage());
      refuse(
          exchange,
          StatusCodes.SERVICE_UNAVAILABLE,
          "the assignments cannot be reached now; ask again in a few seconds, or tell the"
              + " operator");
    } else {
      log.error("a request failed as none should", error);
      refuse(exchange, StatusCodes.INTERNAL_SERVER_ERROR, FAILED);
    }
  }

  public static void refuse(HttpServerExchange exchange, int status, String detail) {
    Problem.of(status, detail).answer(exchange);
  }
}
