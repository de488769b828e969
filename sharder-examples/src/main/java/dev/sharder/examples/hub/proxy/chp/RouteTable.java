package dev.sharder.examples.hub.proxy.chp;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sharder.InvalidValueException;
import dev.sharder.examples.hub.proxy.Traffic;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Finds the route of a request: the one whose path has the most segments in common with it, of
 * those whose every segment is. Thread-safe; requests read without a lock, and a change takes
 * effect with the next request.
 */
public final class RouteTable {

  private static final int REDIRECTION = 300;
  private static final int SUCCESS = 200;

  private final InstantSource clock;
  private final Map<String, ProxyRoute> routes = new ConcurrentHashMap<>();
  private final PathNode root = new PathNode();
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

  /** Creates a table without routes. */
  public RouteTable(InstantSource clock) {
    this.clock = clock;
  }

  /**
   * A route for a request.
   *
   * @param end where in the path of the request that of the route ends
   */
  record RouteMatch(ProxyRoute route, int end) {}

  /** The routes below a path. A reader may be at a node that was just removed; it has no route. */
  private static final class PathNode {

    volatile @Nullable ProxyRoute route;

    /** Null until there is a child: most nodes never have any. */
    private volatile @Nullable Map<String, PathNode> children;

    @Nullable PathNode child(String segment) {
      Map<String, PathNode> all = children;
      return all == null ? null : all.get(segment);
    }

    PathNode childOrNew(String segment) {
      Map<String, PathNode> all = children;
      if (all == null) {
        all = new ConcurrentHashMap<>();
        children = all;
      }
      return all.computeIfAbsent(segment, name -> new PathNode());
    }

    void removeIfEmpty(String segment) {
      Map<String, PathNode> all = children;
      PathNode child = child(segment);
      if (all != null && child != null && child.isEmpty()) {
        all.remove(segment);
      }
    }

    private boolean isEmpty() {
      Map<String, PathNode> all = children;
      return route == null && (all == null || all.isEmpty());
    }
  }

  /** Calls a listener after each change of a route; it must not block. */
  void onChange(Runnable listener) {
    listeners.add(listener);
  }

  /**
   * Adds a route, or replaces the one with this path; it is active now.
   *
   * @param data with its target; other keys are kept
   * @throws InvalidValueException if the target is no address of a server
   */
  void put(RoutePath path, ObjectNode data) {
    put(path, data, clock.instant());
  }

  /** Adds a route that was last active at some time. */
  void put(RoutePath path, ObjectNode data, Instant lastActivity) {
    String key = path.toString();
    ProxyRoute route = new ProxyRoute(key, data, new RouteTraffic(key), lastActivity);
    synchronized (root) {
      PathNode node = root;
      for (String segment : path.segments()) {
        node = node.childOrNew(segment);
      }
      routes.put(key, route);
      node.route = route;
    }
    listeners.forEach(Runnable::run);
  }

  /** Removes the route with exactly this path; returns whether there was one. */
  boolean remove(RoutePath path) {
    synchronized (root) {
      if (routes.remove(path.toString()) == null) {
        return false;
      }
      prune(path.segments());
    }
    listeners.forEach(Runnable::run);
    return true;
  }

  private void prune(List<String> segments) {
    List<PathNode> way = new ArrayList<>(List.of(root));
    for (String segment : segments) {
      way.add(way.get(way.size() - 1).childOrNew(segment));
    }
    way.get(segments.size()).route = null;
    for (int i = segments.size() - 1; i >= 0; i--) {
      way.get(i).removeIfEmpty(segments.get(i));
    }
  }

  /** Returns the route with exactly this path. */
  Optional<ProxyRoute> get(RoutePath path) {
    return Optional.ofNullable(routes.get(path.toString()));
  }

  /** Returns all routes by path. */
  Collection<ProxyRoute> all() {
    return routes.values().stream().sorted(Comparator.comparing(ProxyRoute::path)).toList();
  }

  /**
   * Finds the route of a request; null if there is none.
   *
   * @param host the first segment; null if that is the first of the path
   * @param uri path and query, as the request has them
   */
  @Nullable RouteMatch find(@Nullable String host, String uri) {
    PathNode node = root;
    ProxyRoute found = root.route;
    int end = 0;
    if (host != null) {
      node = node.child(host);
      ProxyRoute ofHost = node == null ? null : node.route;
      found = ofHost == null ? found : ofHost;
    }
    RawPath path = new RawPath(uri);
    while (node != null && path.hasNext()) {
      node = node.child(path.next());
      ProxyRoute route = node == null ? null : node.route;
      if (route != null) {
        found = route;
        end = path.position();
      }
    }
    return found == null ? null : new RouteMatch(found, end);
  }

  /**
   * Moves the last activity of whatever route has the path by then: a websocket outlives routes.
   */
  private final class RouteTraffic implements Traffic {

    private final String path;

    RouteTraffic(String path) {
      this.path = path;
    }

    @Override
    public void answered(int status) {
      if (status >= SUCCESS && status < REDIRECTION) {
        data();
      }
    }

    @Override
    public void data() {
      ProxyRoute route = routes.get(path);
      if (route != null) {
        route.noteActivity(clock.millis());
      }
    }
  }
}
