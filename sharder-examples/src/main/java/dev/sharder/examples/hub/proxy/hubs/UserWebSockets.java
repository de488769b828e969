package dev.sharder.examples.hub.proxy.hubs;

import dev.sharder.admin.Change;
import dev.sharder.examples.hub.config.PublicSettings.MovedWebSockets;
import dev.sharder.examples.hub.http.ThrottledLog;
import dev.sharder.examples.hub.proxy.Tunnel;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The open websockets by their users, so that a move can close them. They are not kept where moves
 * leave them alone. Thread-safe.
 */
final class UserWebSockets implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(UserWebSockets.class);
  private static final ThrottledLog failures = new ThrottledLog(log);

  /** RFC 6455, section 7.4.1: the endpoint is going away. */
  private static final int GOING_AWAY = 1001;

  private static final Duration THREAD_IDLE = Duration.ofSeconds(10);

  private final MovedWebSockets whenMoved;

  private final Function<String, Optional<String>> hubOf;

  private final ExecutorService thread = thread();

  /** For each user the websockets, each with the hub it leads to. The inner maps never change. */
  private final Map<String, Map<Tunnel, String>> open = new ConcurrentHashMap<>();

  /**
   * Keeps none yet.
   *
   * @param hubOf returns the hub of a user, if there still is one; may block
   */
  UserWebSockets(MovedWebSockets whenMoved, Function<String, Optional<String>> hubOf) {
    this.whenMoved = whenMoved;
    this.hubOf = hubOf;
  }

  private static ExecutorService thread() {
    ThreadPoolExecutor one =
        new ThreadPoolExecutor(
            1,
            1,
            THREAD_IDLE.toMillis(),
            TimeUnit.MILLISECONDS,
            new LinkedBlockingQueue<>(),
            work -> {
              Thread thread = new Thread(work, "sharder-websockets");
              thread.setDaemon(true);
              return thread;
            });
    one.allowCoreThreadTimeOut(true);
    return one;
  }

  /** Keeps a websocket; the user may have been moved between the request and its answer. */
  void opened(String user, String hub, Tunnel webSocket) {
    if (whenMoved == MovedWebSockets.ARE_CLOSED) {
      open.merge(user, Map.of(webSocket, hub), UserWebSockets::both);
      try {
        thread.execute(() -> closeIfMoved(user, hub, webSocket));
      } catch (RejectedExecutionException stopping) {
        log.debug("all websockets are closed soon");
      }
    }
  }

  private void closeIfMoved(String user, String hub, Tunnel webSocket) {
    try {
      Optional<String> now = hubOf.apply(user);
      if (!now.equals(Optional.of(hub))) {
        webSocket.close(GOING_AWAY, reason(now));
      }
    } catch (RuntimeException failure) {
      failures.warn(
          "a websocket may lead to a hub that its user has left: {}",
          String.valueOf(failure.getMessage()));
    }
  }

  private static Map<Tunnel, String> both(Map<Tunnel, String> some, Map<Tunnel, String> more) {
    Map<Tunnel, String> all = new HashMap<>(some);
    all.putAll(more);
    return all;
  }

  void closed(String user, Tunnel webSocket) {
    open.computeIfPresent(
        user,
        (name, some) -> {
          Map<Tunnel, String> others = new HashMap<>(some);
          others.remove(webSocket);
          return others.isEmpty() ? null : others;
        });
  }

  /** Closes the websockets of a user who has left the hub they lead to. */
  void changed(Change change) {
    change
        .object()
        .ifPresent(
            user ->
                open.getOrDefault(user, Map.of())
                    .forEach(
                        (webSocket, hub) -> {
                          if (!hub.equals(change.to().orElse(""))) {
                            webSocket.close(GOING_AWAY, reason(change.to()));
                          }
                        }));
  }

  private static String reason(Optional<String> hub) {
    return hub.isPresent() ? "the user was moved to another hub" : "the user was removed";
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
