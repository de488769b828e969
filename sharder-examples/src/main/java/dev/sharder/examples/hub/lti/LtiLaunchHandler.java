package dev.sharder.examples.hub.lti;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sharder.InvalidValueException;
import dev.sharder.Placement;
import dev.sharder.Sharder;
import dev.sharder.examples.hub.http.ErrorProblems;
import dev.sharder.examples.hub.http.Problem;
import dev.sharder.examples.hub.http.ThrottledLog;
import dev.sharder.examples.hub.redirect.HubCookie;
import dev.sharder.examples.hub.redirect.HubNames;
import dev.sharder.examples.hub.redirect.UserHandler;
import dev.sharder.examples.hub.redirect.UserNames;
import io.undertow.io.Receiver;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import io.undertow.util.Methods;
import io.undertow.util.StatusCodes;
import java.util.Locale;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers {@code /lti/launch}, where learning platforms post who comes: sets the cookie, and has
 * nginx hand the POST on, whole, to the user's hub. {@code /lti/login} is where LTI 1.3 begins.
 */
public final class LtiLaunchHandler implements HttpHandler {

  private static final Logger log = LoggerFactory.getLogger(LtiLaunchHandler.class);

  /** The largest launches have some kilobytes, which nginx keeps for the hub as well. */
  private static final int MOST_BODY_BYTES = 256 * 1024;

  private static final String FORM = "application/x-www-form-urlencoded";
  private static final HttpString BIN = new HttpString("X-Sharder-Bin");
  private static final HttpString HAND_ON = new HttpString("X-Accel-Redirect");

  /** A named location keeps method, URI and body, which a path would not. */
  private static final String LAUNCHED = "@launched";

  private final LtiTool lti;
  private final Sharder sharder;
  private final UserNames users;
  private final HubCookie cookie;
  private final ThrottledLog refusals = new ThrottledLog(log);

  /** Sends those whom {@code lti} lets in to their hubs. */
  public LtiLaunchHandler(LtiTool lti, Sharder sharder, UserNames users, HubCookie cookie) {
    this.lti = lti;
    this.sharder = sharder;
    this.users = users;
    this.cookie = cookie;
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) {
    exchange.getResponseHeaders().put(Headers.CACHE_CONTROL, "no-store");
    switch (exchange.getRequestURI()) {
      case "/lti/launch" -> byPost(exchange, this::launch, "POST");
      case "/lti/login" -> {
        if (exchange.getRequestMethod().equals(Methods.GET)) {
          answer(exchange, "", this::login);
        } else {
          byPost(exchange, this::login, "GET, POST");
        }
      }
      default ->
          Problem.of(
                  StatusCodes.NOT_FOUND,
                  "there is nothing at this path; launches go to /lti/launch")
              .answer(exchange);
    }
  }

  private void byPost(
      HttpServerExchange exchange, BiConsumer<HttpServerExchange, String> answer, String allowed) {
    if (exchange.getRequestMethod().equals(Methods.POST)) {
      read(exchange, answer);
    } else {
      refuseMethod(exchange, allowed);
    }
  }

  private static void refuseMethod(HttpServerExchange exchange, String allowed) {
    exchange.getResponseHeaders().put(Headers.ALLOW, allowed);
    Problem.of(StatusCodes.METHOD_NOT_ALLOWED, "use " + allowed.replace(",", " or"))
        .answer(exchange);
  }

  /** Reads the body without a thread that waits for it, and answers on one that may wait. */
  private void read(HttpServerExchange exchange, BiConsumer<HttpServerExchange, String> answer) {
    String type = exchange.getRequestHeaders().getFirst(Headers.CONTENT_TYPE);
    if (type == null || !type.toLowerCase(Locale.ROOT).startsWith(FORM)) {
      Problem.of(StatusCodes.UNSUPPORTED_MEDIA_TYPE, "a launch is a form, " + FORM)
          .answer(exchange);
      return;
    }
    Receiver receiver = exchange.getRequestReceiver();
    receiver.setMaxBufferSize(MOST_BODY_BYTES);
    receiver.receiveFullBytes(
        (whole, body) -> whole.dispatch(() -> answer(whole, new String(body, UTF_8), answer)),
        (broken, failure) -> refuseBody(broken, failure));
  }

  private static void refuseBody(HttpServerExchange exchange, Exception failure) {
    if (failure instanceof Receiver.RequestToLargeException) {
      Problem.of(
              StatusCodes.REQUEST_ENTITY_TOO_LARGE,
              "a launch has at most %d bytes".formatted(MOST_BODY_BYTES))
          .answer(exchange);
    } else {
      exchange.endExchange();
    }
  }

  private void answer(
      HttpServerExchange exchange, String body, BiConsumer<HttpServerExchange, String> answer) {
    try {
      answer.accept(exchange, body);
    } catch (RefusedLaunchException refused) {
      refusals.warn("refused a launch: {}", refused.getMessage());
      Problem.of(refused.status(), refused.getMessage()).answer(exchange);
    } catch (RuntimeException failure) {
      ErrorProblems.forUser(failure).answer(exchange);
    }
  }

  private void login(HttpServerExchange exchange, String body) {
    LaunchForm form = LaunchForm.parse(exchange.getQueryString()).and(LaunchForm.parse(body));
    OidcLoginRedirect login = lti.login(form, name -> HubCookie.sent(exchange, name));
    exchange.getResponseHeaders().put(Headers.SET_COOKIE, login.cookie());
    exchange.getResponseHeaders().put(Headers.LOCATION, login.location());
    exchange.setStatusCode(StatusCodes.FOUND);
    exchange.endExchange();
  }

  private void launch(HttpServerExchange exchange, String body) {
    long start = System.nanoTime();
    LaunchForm query = LaunchForm.parse(exchange.getQueryString());
    LtiLaunch launch =
        lti.verify(query, LaunchForm.parse(body), name -> HubCookie.sent(exchange, name));
    Placement placement = sharder.assign(users.spelled(launch.user()));
    try {
      HubNames.checkCookieSafe(placement.bin());
    } catch (InvalidValueException unusableHub) {
      ErrorProblems.forUserOf(unusableHub).answer(exchange);
      return;
    }
    lti.accept(launch, placement.object());
    UserHandler.report(placement, System.nanoTime() - start);
    handOn(exchange, placement);
  }

  private void handOn(HttpServerExchange exchange, Placement placement) {
    cookie.set(exchange, placement.object(), placement.bin());
    exchange.getResponseHeaders().put(BIN, placement.bin());
    exchange.getResponseHeaders().put(HAND_ON, LAUNCHED);
    exchange.endExchange();
  }
}
