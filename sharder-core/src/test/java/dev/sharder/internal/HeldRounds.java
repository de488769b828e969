package dev.sharder.internal;

import dev.sharder.StoreException;
import dev.sharder.TimeLimitException;
import dev.sharder.store.Deadline;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;

/** Group commit whose rounds run when the test lets them. */
abstract class HeldRounds {

  static final Duration LONG = Duration.ofSeconds(50);
  static final Duration SHORT = Duration.ofMillis(200);

  private static final Set<Thread.State> WAITED =
      EnumSet.of(Thread.State.TIMED_WAITING, Thread.State.WAITING, Thread.State.TERMINATED);

  /** A thread for each stage, at least. */
  final ExecutorService threads = Executors.newCachedThreadPool();

  final List<List<String>> rounds = Collections.synchronizedList(new ArrayList<>());
  final BlockingQueue<Runnable> steps = new LinkedBlockingQueue<>();
  final GroupCommit<String, String> group =
      new GroupCommit<>(
          "the group", Function.identity(), List.of(this::runWhenLet), ForkJoinPool.commonPool());

  @AfterEach
  void endThreads() {
    threads.shutdownNow();
  }

  /** A caller on a thread of its own. */
  final class Caller {
    final FutureTask<String> task;
    final Thread thread;

    Caller(String object, Duration limit) {
      task = new FutureTask<>(() -> ask(group, object, Deadline.in(limit)));
      thread = new Thread(task, object);
      thread.start();
    }

    Caller(String object) {
      this(object, LONG);
    }

    /**
     * Returns once it waits, in the queue or in a round for a step of the test; or has done so, if
     * this thread was kept from looking for as long as that took.
     */
    Caller waits() {
      while (!WAITED.contains(thread.getState())) {
        Thread.onSpinWait();
      }
      return this;
    }

    String answer() throws Exception {
      try {
        return task.get();
      } catch (ExecutionException failure) {
        throw (Exception) failure.getCause();
      }
    }
  }

  static String ask(GroupCommit<String, String> group, String object, Deadline deadline) {
    return group.call(object, deadline, 0, 1).orElseThrow();
  }

  static CompletableFuture<String> askLater(
      GroupCommit<String, String> group, String object, Deadline deadline) {
    return group.callAsync(object, deadline, 0, 1).thenApply(Optional::orElseThrow);
  }

  Function<String, Optional<String>> runWhenLet(List<String> objects, Deadline deadline) {
    rounds.add(objects);
    Runnable step;
    try {
      step = steps.poll(deadline.remaining().toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException interruption) {
      Thread.currentThread().interrupt();
      throw new StoreException("interrupted", interruption);
    }
    if (step == null) {
      throw new TimeLimitException(deadline.limit(), "the store is busy", null);
    }
    step.run();
    return object -> {
      if (object.equals("bad")) {
        throw new StoreException("bad object", null);
      }
      return Optional.of(object + "!");
    };
  }

  void letRun(int count) {
    for (int i = 0; i < count; i++) {
      steps.add(() -> {});
    }
  }

  /** A first stage that knows all objects called known, before {@link #group}'s only one. */
  GroupCommit<String, String> twoStages() {
    return new GroupCommit<>(
        "the group",
        Function.identity(),
        List.of(
            (objects, deadline) ->
                object -> object.startsWith("known") ? Optional.of(object + "?") : Optional.empty(),
            this::runWhenLet),
        threads);
  }
}
