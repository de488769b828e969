package dev.sharder.examples.hub.proxy.hubs;

import dev.sharder.InvalidValueException;
import dev.sharder.Placement;
import dev.sharder.Sharder;
import dev.sharder.examples.hub.access.TrustedProxy;
import dev.sharder.examples.hub.http.ErrorProblems;
import dev.sharder.examples.hub.http.Problem;
import dev.sharder.examples.hub.http.RefusedRequestException;
import dev.sharder.examples.hub.http.RemoteUser;
import dev.sharder.examples.hub.proxy.Decision;
import dev.sharder.examples.hub.proxy.Decision.HeaderEdits;
import dev.sharder.examples.hub.proxy.RequestHead;
import dev.sharder.examples.hub.proxy.Router;
import dev.sharder.examples.hub.redirect.UserNames;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends each request to the hub of its user, whom the proxy in front names. */
final class HubRouter implements Router {

  private static final Logger log = LoggerFactory.getLogger(HubRouter.class);

  private static final int UNAUTHORIZED = 401;
  private static final int UNAVAILABLE = 503;

  private final Sharder sharder;
  private final UserNames users;
  private final TrustedProxy proxy;
  private final HubDirectory hubs;
  private final HubTrafficOf traffic;

  /** The header field in which hubs get the user. */
  private final Optional<String> userHeader;

  private final List<String> removed;

  /** Returns what hears of a user's requests to their hub. */
  interface HubTrafficOf {
    UserTraffic of(Hub hub, String user);
  }

  HubRouter(
      Sharder sharder,
      UserNames users,
      TrustedProxy proxy,
      HubDirectory hubs,
      HubTrafficOf traffic,
      Optional<String> userHeader) {
    this.sharder = sharder;
    this.users = users;
    this.proxy = proxy;
    this.hubs = hubs;
    this.traffic = traffic;
    this.userHeader = userHeader;
    this.removed = removed(userHeader);
  }

  /** What is said to the sharder is no hub's business, and no client may say it to a hub. */
  static List<String> removed(Optional<String> userHeader) {
    List<String> names = new ArrayList<>(List.of(RemoteUser.NAME, TrustedProxy.SECRET_NAME));
    userHeader.ifPresent(names::add);
    return List.copyOf(names);
  }

  @Override
  public CompletionStage<Decision> route(RequestHead request) {
    try {
      String user = user(request);
      return sharder
          .assignAsync(user)
          .handle((placement, error) -> decide(request, placement, error));
    } catch (RefusedRequestException refusal) {
      return CompletableFuture.completedStage(refuse(refusal.problem()));
    } catch (InvalidValueException noName) {
      return CompletableFuture.completedStage(refuse(ErrorProblems.forUser(noName)));
    }
  }

  private String user(RequestHead request) throws RefusedRequestException {
    proxy.check(request.peer(), request.values(TrustedProxy.SECRET_NAME));
    Optional<String> named = RemoteUser.named(request.values(RemoteUser.NAME));
    if (named.isEmpty()) {
      throw new RefusedRequestException(UNAUTHORIZED, RemoteUser.MISSING);
    }
    return users.spelled(named.get());
  }

  private Decision decide(
      RequestHead request, @Nullable Placement placement, @Nullable Throwable error) {
    if (placement == null) {
      return refuse(ErrorProblems.forUser(error));
    }
    if (placement.isNew()) {
      // The name comes last, so that nothing in it can forge the fields before it.
      log.info("new {} for user {}", placement.bin(), placement.object());
    }
    Optional<Hub> hub = hubs.find(placement.bin());
    if (hub.isEmpty()) {
      return refuseUnknown(placement.bin());
    }
    return hub.get().state() == HubState.DOWN
        ? unavailable(
            "your hub, %s, is down; your files are there, so you are not sent to another one. Try again in a few seconds, or contact the operator"
                .formatted(placement.bin()))
        : forward(request, hub.get(), placement.object());
  }

  private Decision forward(RequestHead request, Hub hub, String user) {
    String uri = request.uri().equals("*") ? "*" : hub.target().path() + request.uri();
    return new Decision.Forward(hub.target(), uri, edits(user), traffic.of(hub, user));
  }

  private HeaderEdits edits(String user) {
    return new HeaderEdits(
        removed, userHeader.map(name -> Map.of(name, latin1(user))).orElse(Map.of()));
  }

  /** Returns a name in UTF-8, a character for each byte, as fields are written. */
  private static String latin1(String name) {
    return new String(name.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
  }

  /** A bin that was added a moment ago is looked for; one without an address is in the log. */
  private Decision refuseUnknown(String bin) {
    if (hubs.problem(bin).isPresent()) {
      return unavailable(
          "your hub, %s, has no address that can be used; contact the operator".formatted(bin));
    }
    hubs.refreshSoon();
    return unavailable(
        "your hub, %s, is not known here yet; try again in a few seconds".formatted(bin));
  }

  private static Decision unavailable(String reason) {
    return refuse(Problem.of(UNAVAILABLE, reason));
  }

  private static Decision refuse(Problem problem) {
    return new Decision.Refuse(problem.status(), problem.detail());
  }
}
