package dev.sharder.examples.hub.api;

import dev.sharder.examples.hub.access.Authorizer;
import dev.sharder.examples.hub.api.ApiRoutes.FoundRoute;
import dev.sharder.examples.hub.http.ErrorProblems;
import dev.sharder.examples.hub.http.IoThread;
import dev.sharder.examples.hub.http.Problem;
import dev.sharder.examples.hub.http.ProblemException;
import dev.sharder.examples.hub.http.StrictJson;
import io.undertow.io.Receiver;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import io.undertow.util.Methods;
import io.undertow.util.SameThreadExecutor;
import io.undertow.util.StatusCodes;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves the API that {@code openapi.yaml} describes. I/O threads only read and write; work that
 * uses the store starts on a worker thread.
 */
public final class RestApiHandler implements HttpHandler {

  private static final Logger log = LoggerFactory.getLogger(RestApiHandler.class);

  /** The common start of all paths. */
  public static final String BASE = "/api/v1";

  private static final String KIND = "/kinds/{kind}";
  private static final String OBJECT = KIND + "/assignments/{object}";

  /** A longer body is refused. */
  private static final int MOST_BYTES = 1024 * 1024;

  private static final Set<HttpString> WITH_BODY = Set.of(Methods.PUT, Methods.POST, Methods.PATCH);
  private static final Pattern JSON =
      Pattern.compile("application/(merge-patch\\+)?json *(; *charset=\"?utf-8\"?)?");

  /** Who makes the request, if they may change anything. */
  record Me(@Nullable String actor) {}

  private final Authorizer access;
  private final ApiRoutes routes;

  /** Serves the kinds to clients that have access. */
  public RestApiHandler(
      SharderRegistry kinds,
      ChangeNotifier notifier,
      RecentAssignments newest,
      ServerParts parts,
      Authorizer access) {
    this.access = access;
    this.routes = new ApiRoutes();
    addAssignments(new AssignmentsApi(kinds, newest), new ObjectsApi(kinds));
    addBins(new BinsApi(kinds));
    addPlans(new PlansApi(kinds));
    ChangesApi changes = new ChangesApi(kinds, notifier);
    routes.forPeers(
        Methods.GET,
        KIND + "/changes",
        changes::list,
        "after",
        "before",
        "limit",
        "wait",
        "latest",
        "bin",
        "actor");
    StatusApi status = new StatusApi(kinds, newest, parts);
    routes.forPeers(Methods.GET, KIND + "/status", ApiOperation.waiting(status::get));
    ApiResponse description = new ApiResponse(StatusCodes.OK, "application/yaml", description());
    routes.forPeers(Methods.GET, "/openapi.yaml", ApiOperation.waiting(call -> description));
    routes.forPeers(
        Methods.GET,
        "/me",
        ApiOperation.waiting(call -> ApiResponse.ok(new Me(call.actor().orElse(null)))));
  }

  private void addAssignments(AssignmentsApi assignments, ObjectsApi objects) {
    String all = KIND + "/assignments";
    ApiOperation list = ApiOperation.waiting(assignments::list);
    routes
        .forPeers(Methods.GET, all, list, "bin", "prefix", "after", "limit")
        .forPeers(Methods.POST, all, assignments::putAll)
        .forPeers(
            Methods.GET,
            KIND + "/newest",
            ApiOperation.waiting(assignments::newest),
            "after",
            "before",
            "bin",
            "limit")
        .forPeers(Methods.GET, OBJECT, ApiOperation.waiting(assignments::get))
        .forPeers(Methods.PUT, OBJECT, assignments::put)
        .forPeers(Methods.GET, OBJECT + "/history", ApiOperation.waiting(objects::history))
        .forPeers(
            Methods.GET,
            OBJECT + "/explain",
            ApiOperation.waiting(objects::explain),
            "size",
            "group",
            "attribute")
        .forHolders(
            Methods.DELETE, OBJECT, ApiOperation.waiting(objects::remove), "version", "reason")
        .forHolders(Methods.POST, OBJECT + "/move", ApiOperation.waiting(objects::move));
  }

  private void addBins(BinsApi bins) {
    String bin = KIND + "/bins/{bin}";
    routes
        .forPeers(Methods.GET, "/kinds", ApiOperation.waiting(bins::kinds))
        .forPeers(Methods.GET, KIND + "/bins", ApiOperation.waiting(bins::list))
        .forPeers(Methods.GET, bin, ApiOperation.waiting(bins::get))
        .forHolders(Methods.PUT, bin, ApiOperation.waiting(bins::put))
        .forHolders(Methods.PATCH, bin, ApiOperation.waiting(bins::patch));
  }

  private void addPlans(PlansApi plans) {
    routes
        .forHolders(Methods.POST, KIND + "/plans", ApiOperation.waiting(plans::plan))
        .forHolders(Methods.POST, KIND + "/plans/apply", ApiOperation.waiting(plans::apply));
  }

  private static byte[] description() {
    try (InputStream file = RestApiHandler.class.getResourceAsStream("openapi.yaml")) {
      if (file == null) {
        throw new IllegalStateException("openapi.yaml is not in the jar; build it again");
      }
      return file.readAllBytes();
    } catch (IOException unreadable) {
      throw new IllegalStateException("openapi.yaml cannot be read; build it again", unreadable);
    }
  }

  /** Returns whether a path is in the API's namespace, including paths that do not exist. */
  public static boolean isBelow(String path) {
    return path.equals(BASE) || path.startsWith(BASE + "/");
  }

  @Override
  public void handleRequest(HttpServerExchange exchange) throws Exception {
    exchange.getResponseHeaders().put(Headers.CACHE_CONTROL, "no-store");
    exchange.getResponseHeaders().put(Headers.X_CONTENT_TYPE_OPTIONS, "nosniff");
    try {
      String path = exchange.getRequestURI().substring(BASE.length());
      FoundRoute found = routes.find(exchange.getRequestMethod(), path);
      access.admit(exchange, found.route().needsToken(), admitted -> read(admitted, found));
    } catch (ProblemException refusal) {
      refuse(exchange, refusal);
    }
  }

  private static void read(HttpServerExchange exchange, FoundRoute found) {
    if (!WITH_BODY.contains(exchange.getRequestMethod())) {
      dispatch(exchange, found, new byte[0]);
      return;
    }
    if (exchange.getRequestContentLength() > MOST_BYTES) {
      answerTooLarge(exchange);
      return;
    }
    Receiver receiver = exchange.getRequestReceiver();
    receiver.setMaxBufferSize(MOST_BYTES);
    receiver.receiveFullBytes(
        (received, body) -> dispatch(received, found, body), RestApiHandler::answerUnreadable);
  }

  private static void answerUnreadable(HttpServerExchange exchange, IOException failure) {
    if (failure instanceof Receiver.RequestToLargeException) {
      answerTooLarge(exchange);
    } else {
      exchange.endExchange();
    }
  }

  private static void answerTooLarge(HttpServerExchange exchange) {
    Problem.of(StatusCodes.REQUEST_ENTITY_TOO_LARGE, "the body is too large; send at most 1 MB")
        .answer(exchange);
  }

  private static void dispatch(HttpServerExchange exchange, FoundRoute found, byte[] body) {
    exchange.dispatch(worker -> answer(worker, found, body));
  }

  private static void answer(HttpServerExchange exchange, FoundRoute found, byte[] body) {
    CompletionStage<ApiResponse> answer = answer(found, () -> call(exchange, found, body));
    exchange.dispatch(
        SameThreadExecutor.INSTANCE,
        () ->
            answer
                .thenApplyAsync(RestApiHandler::encoded, exchange.getConnection().getWorker())
                .whenComplete(
                    (reply, error) -> IoThread.end(exchange, () -> end(exchange, reply, error))));
  }

  private static CompletionStage<ApiResponse> answer(FoundRoute found, Supplier<ApiRequest> call) {
    try {
      return found.route().operation().answer(call.get());
    } catch (RuntimeException failure) {
      return CompletableFuture.failedStage(failure);
    }
  }

  private static ApiRequest call(HttpServerExchange exchange, FoundRoute found, byte[] body) {
    if (body.length > 0 && !isJson(exchange.getRequestHeaders().getFirst(Headers.CONTENT_TYPE))) {
      throw new ProblemException(
          StatusCodes.UNSUPPORTED_MEDIA_TYPE,
          "the content type is not JSON; send the body with 'Content-Type: application/json'");
    }
    return new ApiRequest(
        found.names(),
        found.route().parameters(exchange.getQueryString()),
        JsonBody.text(body),
        "*".equals(exchange.getRequestHeaders().getFirst(Headers.IF_NONE_MATCH)),
        Authorizer.actor(exchange),
        exchange.getConnection().getWorker());
  }

  private static boolean isJson(@Nullable String type) {
    return type != null && JSON.matcher(type.strip().toLowerCase(Locale.ROOT)).matches();
  }

  private static ApiResponse encoded(ApiResponse reply) {
    return reply.content() instanceof byte[]
        ? reply
        : new ApiResponse(reply.status(), reply.type(), StrictJson.line(reply.content()));
  }

  private static void end(
      HttpServerExchange exchange, @Nullable ApiResponse reply, @Nullable Throwable error) {
    try {
      if (reply == null) {
        ErrorProblems.forProgram(error).answer(exchange);
        return;
      }
      exchange.setStatusCode(reply.status());
      exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, reply.type());
      exchange.getResponseSender().send(ByteBuffer.wrap((byte[]) reply.content()));
    } catch (RuntimeException failure) {
      log.error("sending an answer failed", failure);
      exchange.endExchange();
    }
  }

  private static void refuse(HttpServerExchange exchange, ProblemException refusal) {
    refusal.headers().forEach((name, value) -> exchange.getResponseHeaders().put(name, value));
    refusal.problem().answer(exchange);
  }
}
