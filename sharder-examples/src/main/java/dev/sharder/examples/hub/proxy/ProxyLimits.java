package dev.sharder.examples.hub.proxy;

import dev.sharder.examples.hub.http.FileDescriptors;
import java.time.Duration;
import java.util.Optional;

/**
 * The limits of a proxy on sizes, times and connections.
 *
 * @param headBytes the most bytes of a request line with its header fields
 * @param head how long these may take to arrive, and the first of them to begin
 * @param idle how long a connection stays open between two requests
 * @param linger how long a client may take to leave after the last answer on its connection was
 *     sent
 * @param stall how long a peer may take nothing of what waits for it, or a client send nothing of a
 *     body that is under way
 * @param client how long a client may be silent while its request or the answer is under way; empty
 *     for as long as TCP lasts
 * @param target the same for a target; it is not silent while its answer waits for the client
 * @param connect how long a connection to a target may take
 * @param drain how long requests under way may take when the proxy stops
 * @param connections the most connections of clients at a time, if there are descriptors for them
 */
public record ProxyLimits(
    int headBytes,
    Duration head,
    Duration idle,
    Duration linger,
    Duration stall,
    Optional<Duration> client,
    Optional<Duration> target,
    Duration connect,
    Duration drain,
    int connections) {

  /**
   * Of all descriptors: each client may need another one to a target, the port for operators may
   * take half, and the database, the health checks and files need some, too.
   */
  private static final int SHARE = 8;

  /** The limits that are used where nothing else is said. */
  public static ProxyLimits defaults() {
    return new ProxyLimits(
        64 * 1024,
        Duration.ofSeconds(10),
        Duration.ofSeconds(75),
        Duration.ofSeconds(30),
        Duration.ofMinutes(5),
        Optional.empty(),
        Optional.empty(),
        Duration.ofSeconds(5),
        Duration.ofSeconds(30),
        50_000);
  }

  /** Returns how many of the connections this process has descriptors for. */
  public int connectionsHere() {
    return (int) Math.min(connections, FileDescriptors.most() / SHARE);
  }
}
