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
 * own; Java remembers its answers for 30 seconds.
 */
final class TargetNames implements AutoCloseable {

  private static final int THREADS = 4;
  private static final int MOST_WAITING = 1_000;
  private static final int IDLE_SECONDS = 10;

  private final Duration limit;
  private final Map<String, CompletableFuture<List<InetAddress>>> pending =
      new ConcurrentHashMap<>();
  private final ExecutorService threads;

  /**
   * Creates a resolver.
   *
   * @param limit how long a name may take
   */
  TargetNames(Duration limit) {
    this.limit = limit;
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
    if (numbers != null) {
      try {
        return CompletableFuture.completedFuture(
            List.of(new InetSocketAddress(InetAddress.getByAddress(numbers), target.port())));
      } catch (UnknownHostException impossible) {
        throw new IllegalStateException(impossible);
      }
    }
    try {
      return pending
          .computeIfAbsent(target.host(), this::lookUpSoon)
          .thenApply(found -> at(found, target.port()));
    } catch (RejectedExecutionException full) {
      return CompletableFuture.failedStage(full);
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
      found.complete(List.of(InetAddress.getAllByName(host)));
    } catch (UnknownHostException | RuntimeException failure) {
      found.completeExceptionally(failure);
    } finally {
      pending.remove(host);
    }
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
