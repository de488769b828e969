package dev.sharder.examples.bench;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;

/** A closed loop: so many callers, each of whom asks again as soon as it is answered. */
final class ConcurrentCallers implements AutoCloseable {

  /** What one caller does again and again; it may hold a connection of its own. */
  interface Caller extends AutoCloseable {
    void call() throws Exception;

    @Override
    default void close() throws Exception {}
  }

  /** Makes the callers, each on its own thread. */
  interface Arrival {
    Caller arrive() throws Exception;
  }

  private final int count;
  private final ExecutorService threads;

  ConcurrentCallers(int count) {
    this.count = count;
    this.threads = Executors.newFixedThreadPool(count);
  }

  /** Returns how many calls a second were answered while time ran. */
  double rate(Duration time, Arrival arrival) throws Exception {
    AtomicBoolean over = new AtomicBoolean();
    List<Future<Long>> answered = new ArrayList<>();
    long start = System.nanoTime();
    for (int i = 0; i < count; i++) {
      answered.add(threads.submit(loop(arrival, over)));
    }
    Thread.sleep(time.toMillis());
    over.set(true);
    long calls = 0;
    for (Future<Long> one : answered) {
      calls += get(one);
    }
    return calls / ((System.nanoTime() - start) / 1e9);
  }

  private static Callable<Long> loop(Arrival arrival, AtomicBoolean over) {
    return () -> {
      try (Caller caller = arrival.arrive()) {
        long calls = 0;
        while (!over.get()) {
          caller.call();
          calls++;
        }
        return calls;
      }
    };
  }

  private static long get(Future<Long> answer) throws Exception {
    try {
      return answer.get();
    } catch (ExecutionException failure) {
      throw new IllegalStateException("a caller failed", failure.getCause());
    }
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
