package dev.sharder.jdbc;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;

/**
 * Free ports for servers. They are below the system's ephemeral ports, which other connections may
 * take before the server listens.
 */
public final class FreePorts {

  private static final int FIRST = 10_000;
  private static final int BEYOND_LAST = 32_000;

  private static final Set<Integer> GIVEN = ConcurrentHashMap.newKeySet();

  private FreePorts() {}

  /** Returns a port that is free now, and that no other caller in this process gets. */
  public static int next() {
    while (true) {
      int port = ThreadLocalRandom.current().nextInt(FIRST, BEYOND_LAST);
      if (isFree(port) && GIVEN.add(port)) {
        return port;
      }
    }
  }

  /** Returns the given number of free ports. */
  public static List<Integer> next(int count) {
    return IntStream.range(0, count).mapToObj(i -> next()).toList();
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return socket.isBound();
    } catch (IOException taken) {
      return false;
    }
  }
}
