package dev.sharder.examples.hub.proxy.hubs;

import dev.sharder.admin.Change;
import dev.sharder.examples.hub.config.PublicSettings.MovedWebSockets;
import dev.sharder.examples.hub.proxy.Tunnel;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The open websockets by their users, so that a move can close them. They are not kept where moves
 * leave them alone. Thread-safe.
 */
final class UserWebSockets {

  /** RFC 6455, section 7.4.1: the endpoint is going away. */
  private static final int GOING_AWAY = 1001;

  private final MovedWebSockets whenMoved;

  /** For each user the websockets, each with the hub it leads to. The inner maps never change. */
  private final Map<String, Map<Tunnel, String>> open = new ConcurrentHashMap<>();

  UserWebSockets(MovedWebSockets whenMoved) {
    this.whenMoved = whenMoved;
  }

  void opened(String user, String hub, Tunnel webSocket) {
    if (whenMoved == MovedWebSockets.ARE_CLOSED) {
      open.merge(user, Map.of(webSocket, hub), UserWebSockets::both);
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
                            webSocket.close(GOING_AWAY, reason(change));
                          }
                        }));
  }

  private static String reason(Change change) {
    return change.to().isPresent() ? "the user was moved to another hub" : "the user was removed";
  }
}
