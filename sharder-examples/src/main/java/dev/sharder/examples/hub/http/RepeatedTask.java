package dev.sharder.examples.hub.http;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Does something again and again on a daemon thread of its own, whatever became of it the last
 * time. Thread-safe.
 */
public final class RepeatedTask implements AutoCloseable {

  private final Runnable task;
  private final Consumer<Throwable> onFirstFailure;
  private final ScheduledExecutorService thread;
  private final AtomicBoolean isDueSoon = new AtomicBoolean();

  /** Used on the thread alone. */
  private boolean failing;

  /**
   * Creates a task that is not done yet.
   *
   * @param name that of the thread
   * @param onFirstFailure hears of a failure, and of no more before the task succeeds
   */
  public RepeatedTask(String name, Runnable task, Consumer<Throwable> onFirstFailure) {
    this.task = task;
    this.onFirstFailure = onFirstFailure;
    this.thread =
        Executors.newSingleThreadScheduledExecutor(
            work -> {
              Thread one = new Thread(work, name);
              one.setDaemon(true);
              return one;
            });
  }

  /** Does it from now on, with this pause before each time. */
  @SuppressWarnings("FutureReturnValueIgnored")
  public void every(Duration pause) {
    thread.scheduleWithFixedDelay(
        this::run, pause.toMillis(), pause.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Does it once soon; never blocks. */
  public void soon() {
    if (!isDueSoon.getAndSet(true)) {
      execute(
          () -> {
            isDueSoon.set(false);
            run();
          });
    }
  }

  /** Does it on the thread; nothing after the end. */
  private void execute(Runnable once) {
    try {
      thread.execute(once);
    } catch (RejectedExecutionException closed) {
      // No one waits for it any more.
    }
  }

  private void run() {
    try {
      task.run();
      failing = false;
    } catch (RuntimeException | Error failure) {
      // Thrown on, it would have been the last time.
      if (!failing && !thread.isShutdown()) {
        onFirstFailure.accept(failure);
      }
      failing = true;
    }
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
