package dev.sharder.examples.hub.api;

import dev.sharder.examples.hub.http.ProblemException;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import io.undertow.util.Methods;
import io.undertow.util.PathTemplateMatcher;
import io.undertow.util.StatusCodes;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Finds the operation for a path and a method. */
final class ApiRoutes {

  /** The parameters that may be repeated. */
  private static final Set<String> REPEATED = Set.of("actor", "attribute", "bin");

  /**
   * One operation.
   *
   * @param needsToken whether it requires a token or an admin
   * @param queries the allowed query parameters
   */
  record Route(boolean needsToken, Set<String> queries, ApiOperation operation) {

    /** Reads the parameters of a query; throws for an unknown or repeated one. */
    Map<String, List<String>> parameters(String query) {
      Map<String, List<String>> parameters = PercentDecoder.parameters(query);
      parameters.forEach(
          (name, values) -> {
            if (!queries.contains(name)) {
              throw new ProblemException(
                  StatusCodes.BAD_REQUEST,
                  "the parameter '%s' is unknown; use one of %s"
                      .formatted(name, new TreeSet<>(queries)));
            }
            if (values.size() > 1 && !REPEATED.contains(name)) {
              throw new ProblemException(
                  StatusCodes.BAD_REQUEST,
                  "the parameter '%s' is given %d times; give it once"
                      .formatted(name, values.size()));
            }
          });
      return parameters;
    }
  }

  /** A route, and the decoded names in the path. */
  record FoundRoute(Route route, Map<String, String> names) {}

  private final PathTemplateMatcher<Map<HttpString, Route>> paths = new PathTemplateMatcher<>();

  /** Adds an operation that trusted peers may use. */
  ApiRoutes forPeers(HttpString method, String path, ApiOperation operation, String... queries) {
    return add(method, path, new Route(false, Set.of(queries), operation));
  }

  /** Adds an operation that requires a token or an admin. */
  ApiRoutes forHolders(HttpString method, String path, ApiOperation operation, String... queries) {
    return add(method, path, new Route(true, Set.of(queries), operation));
  }

  private ApiRoutes add(HttpString method, String path, Route route) {
    @Nullable Map<HttpString, Route> known = paths.get(path);
    if (known == null) {
      known = new LinkedHashMap<>();
      paths.add(path, known);
    }
    known.put(method, route);
    return this;
  }

  /** Finds the route of an encoded path. */
  FoundRoute find(HttpString method, String path) {
    // A slash at the end of a name is encoded; without this check, "ada/" would match "ada".
    PathTemplateMatcher.PathMatchResult<Map<HttpString, Route>> match =
        path.endsWith("/") ? null : paths.match(path);
    if (match == null) {
      throw new ProblemException(
          StatusCodes.NOT_FOUND, "there is no such path; see openapi.yaml for those that exist");
    }
    Map<HttpString, Route> methods = match.getValue();
    Route route = methods.get(method.equals(Methods.HEAD) ? Methods.GET : method);
    if (route == null) {
      throw notAllowed(methods.keySet());
    }
    Map<String, String> names = new LinkedHashMap<>();
    match.getParameters().forEach((name, raw) -> names.put(name, PercentDecoder.decoded(raw)));
    return new FoundRoute(route, names);
  }

  private static ProblemException notAllowed(Set<HttpString> methods) {
    Set<String> allowed = new TreeSet<>();
    methods.forEach(method -> allowed.add(method.toString()));
    if (methods.contains(Methods.GET)) {
      allowed.add("HEAD");
    }
    String list = String.join(", ", allowed);
    return new ProblemException(
        StatusCodes.METHOD_NOT_ALLOWED,
        "this method is not allowed here; use " + list,
        Map.of(Headers.ALLOW, list));
  }
}
