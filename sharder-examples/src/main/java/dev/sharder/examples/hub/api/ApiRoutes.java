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

/** Finds what a request asks for, by its path and its method. */
final class ApiRoutes {

  /** Parameters that may come more than once. */
  private static final Set<String> REPEATED = Set.of("bin");

  /**
   * One operation.
   *
   * @param needsToken whether a trusted peer is not enough
   * @param queries the parameters that its query may have
   */
  record Route(boolean needsToken, Set<String> queries, ApiOperation operation) {

    /** Reads the parameters of a query, which are none but these. */
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
                  "the parameter '%s' is there %d times; give it once"
                      .formatted(name, values.size()));
            }
          });
      return parameters;
    }
  }

  /** A route, and what the path names, decoded. */
  record FoundRoute(Route route, Map<String, String> names) {}

  private final PathTemplateMatcher<Map<HttpString, Route>> paths = new PathTemplateMatcher<>();

  /** Adds what a trusted peer may ask for. */
  ApiRoutes forPeers(HttpString method, String path, ApiOperation operation, String... queries) {
    return add(method, path, new Route(false, Set.of(queries), operation));
  }

  /** Adds what takes a token, or an admin. */
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

  /** Finds the route of a path that is still encoded. */
  FoundRoute find(HttpString method, String path) {
    // A name that ends with a slash has it encoded; without this it would be taken for another.
    PathTemplateMatcher.PathMatchResult<Map<HttpString, Route>> match =
        path.endsWith("/") ? null : paths.match(path);
    if (match == null) {
      throw new ProblemException(
          StatusCodes.NOT_FOUND, "nothing is here; see openapi.yaml for what there is");
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
        "this cannot be done here; what can is " + list,
        Map.of(Headers.ALLOW, list));
  }
}
