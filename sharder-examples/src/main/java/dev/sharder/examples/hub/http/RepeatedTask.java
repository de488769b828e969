package dev.sharder.examples.hub.http;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Runs a task repeatedly on a daemon thread of its own, even after a run that failed. Thread-safe.
 */
public final class RepeatedTask implements AutoCloseable {

  private final Runnable task;
  private final Consumer<Throwable> onFirstFailure;
  private final ScheduledExecutorService thread;
  private final AtomicBoolean isDueSoon = new AtomicBoolean();

  /** Used only on the thread. */
  private boolean failing;

  /**
   * Creates a task that does not run yet.
   *
   * @param name that of the thread
   * @param onFirstFailure gets a failure, and then none until the task has succeeded
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

  /** Runs the task from now on, with this pause before each run. */
  @SuppressWarnings("FutureReturnValueIgnored")
  public void every(Duration pause) {
    thread.scheduleWithFixedDelay(
        this::run, pause.toMillis(), pause.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Runs the task once soon; never blocks. */
  public void soon() {
    if (!isDueSoon.getAndSet(true)) {
      execute(
          () -> {
            isDueSoon.set(false);
            run();
          });
    }
  }

  /** Runs this on the thread, unless that has ended. */
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
      // Not rethrown: the executor would not run the task again.
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
