package dev.sharder.examples.hub.proxy;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Resolves the names of targets. The system's resolver blocks, so it is asked on threads of its
 * own. This class remembers its answers for 30 seconds, lest a name that is known wait for others
 * that are slow, and forgets those that lead nowhere.
 */
final class TargetNames implements AutoCloseable {

  private static final int THREADS = 4;
  private static final int MOST_WAITING = 1_000;
  private static final int IDLE_SECONDS = 10;
  private static final Duration KEPT = Duration.ofSeconds(30);

  private final Duration limit;
  private final long kept;
  private final NameLookup lookup;
  private final Map<String, CompletableFuture<List<InetAddress>>> pending =
      new ConcurrentHashMap<>();
  private final Map<String, KnownName> known = new ConcurrentHashMap<>();
  private final ExecutorService threads;

  /** The addresses of a name, and when the system said so. */
  private record KnownName(CompletableFuture<List<InetAddress>> addresses, long since) {}

  /**
   * Creates a resolver.
   *
   * @param limit how long a name may take
   */
  TargetNames(Duration limit) {
    this(limit, KEPT, InetAddress::getAllByName);
  }

  /** Asks the system for the addresses of a name, and waits for it. */
  interface NameLookup {
    InetAddress[] of(String host) throws UnknownHostException;
  }

  /**
   * Creates a resolver.
   *
   * @param limit how long a name may take
   * @param kept how long its addresses are used
   * @param lookup finds them
   */
  TargetNames(Duration limit, Duration kept, NameLookup lookup) {
    this.limit = limit;
    this.kept = kept.toNanos();
    this.lookup = lookup;
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            THREADS,
            THREADS,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(MOST_WAITING),
            task -> {
              Thread thread = new Thread(task, "proxy-names");
              thread.setDaemon(true);
              return thread;
            });
    pool.allowCoreThreadTimeOut(true);
    this.threads = pool;
  }

  /** Returns the addresses of a target; an IP address needs no thread. */
  CompletionStage<List<InetSocketAddress>> resolve(Target target) {
    byte[] numbers = NetUtil.createByteArrayFromIpAddressString(target.host());
    return (numbers == null ? named(target.host()) : numbered(numbers))
        .thenApply(found -> at(found, target.port()));
  }

  private static CompletableFuture<List<InetAddress>> numbered(byte[] numbers) {
    try {
      return CompletableFuture.completedFuture(List.of(InetAddress.getByAddress(numbers)));
    } catch (UnknownHostException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** Looks a target's name up again the next time, because no address of it can be reached. */
  void forget(Target target) {
    known.remove(target.host());
  }

  /** A name that is used again and again is looked up ahead, and never waited for. */
  private CompletableFuture<List<InetAddress>> named(String host) {
    KnownName before = known.get(host);
    long age = before == null ? Long.MAX_VALUE : System.nanoTime() - before.since();
    if (before != null && age <= kept / 2) {
      return before.addresses();
    }
    CompletableFuture<List<InetAddress>> now = lookUpOnce(host);
    return before != null && age <= kept ? before.addresses() : now;
  }

  private CompletableFuture<List<InetAddress>> lookUpOnce(String host) {
    try {
      return pending.computeIfAbsent(host, this::lookUpSoon);
    } catch (RejectedExecutionException full) {
      return CompletableFuture.failedFuture(full);
    }
  }

  /** One lookup for all who wait for a name, so that a slow name holds one thread. */
  private CompletableFuture<List<InetAddress>> lookUpSoon(String host) {
    CompletableFuture<List<InetAddress>> found = new CompletableFuture<>();
    threads.execute(() -> lookUp(host, found));
    return found.orTimeout(limit.toMillis(), TimeUnit.MILLISECONDS);
  }

  private static List<InetSocketAddress> at(List<InetAddress> addresses, int port) {
    return addresses.stream().map(address -> new InetSocketAddress(address, port)).toList();
  }

  private void lookUp(String host, CompletableFuture<List<InetAddress>> found) {
    try {
      List<InetAddress> addresses = List.of(lookup.of(host));
      long now = System.nanoTime();
      known.values().removeIf(name -> now - name.since() > kept);
      known.put(host, new KnownName(CompletableFuture.completedFuture(addresses), now));
      pending.remove(host);
      found.complete(addresses);
    } catch (UnknownHostException | RuntimeException | Error failure) {
      // First, so that a caller who asks again at once does not get the same failure.
      pending.remove(host);
      found.completeExceptionally(failure);
    }
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
