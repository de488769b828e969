package dev.sharder.examples.hub.proxy.chp;

import java.util.List;

/**
 * The path of a route.
 *
 * @param segments decoded, without empty ones at the start and at the end
 */
record RoutePath(List<String> segments) {

  /** Copies the list. */
  RoutePath {
    segments = List.copyOf(segments);
  }

  /** Returns the path of a decoded text, with any number of slashes in front and at its end. */
  static RoutePath of(String decoded) {
    int from = 0;
    int end = decoded.length();
    while (from < end && decoded.charAt(from) == '/') {
      from++;
    }
    while (end > from && decoded.charAt(end - 1) == '/') {
      end--;
    }
    return new RoutePath(
        from == end ? List.of() : List.of(decoded.substring(from, end).split("/", -1)));
  }

  /** Returns the path that a URI names, percent-encoded. */
  static RoutePath ofUri(String uri) {
    return new RoutePath(RawPath.segments(uri));
  }

  boolean isRoot() {
    return segments.isEmpty();
  }

  /** Returns the path with one slash in front and none at its end. */
  @Override
  public String toString() {
    return "/" + String.join("/", segments);
  }
}
