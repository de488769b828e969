package dev.sharder.history;

import dev.sharder.store.AssignmentStore;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** The threads of one process, which play a workload on a store and write down what comes of it. */
final class Worker implements AutoCloseable {

  /** After a call of unknown outcome: a database that is away answers very quickly. */
  private static final Duration PAUSE = Duration.ofMillis(20);

  private final Workload workload;
  private final int process;
  private final Library library;
  private final CallLog log;
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean stopped;

  Worker(AssignmentStore store, Workload workload, int process, Path file) throws IOException {
    this.workload = workload;
    this.process = process;
    this.log = new CallLog(file);
    this.library = new Library(store, workload);
  }

  void start() {
    for (int i = 0; i < workload.threads(); i++) {
      int number = i;
      threads.add(new Thread(() -> play(number), "history-" + process + "-" + number));
    }
    threads.forEach(Thread::start);
  }

  private void play(int thread) {
    Draw draw = new Draw(workload, process, thread);
    for (int turn = 0; turn < workload.calls() && !stopped; turn++) {
      Operation operation = draw.next();
      Outcome outcome = call("%d-%d-%d".formatted(process, thread, turn), operation);
      if (outcome instanceof Outcome.Placed placed
          && operation instanceof Operation.AssignOne assign) {
        draw.saw(assign.object(), placed.held());
      } else if (outcome instanceof Outcome.Assigned assigned
          && operation instanceof Operation.MoveTo move) {
        draw.saw(move.object(), assigned.held());
      } else if (outcome instanceof Outcome.Unknown) {
        LockSupport.parkNanos(PAUSE.toNanos());
      }
      LockSupport.parkNanos(Duration.ofMillis(workload.pauseMillis()).toNanos());
      Thread.interrupted();
    }
  }

  /** Makes one call and writes it down, before and after. */
  Outcome call(String id, Operation operation) {
    long late = Duration.ofMillis(workload.lateMillis()).toNanos();
    Outcome open = new Outcome.Unknown("the process ended");
    long start = System.nanoTime();
    log.write(new Call(id, process, operation, start, Call.OPEN, late, open));
    Outcome outcome = library.play(operation, id);
    long end = System.nanoTime();
    boolean isUnknown = outcome instanceof Outcome.Unknown;
    log.write(new Call(id, process, operation, start, isUnknown ? Call.OPEN : end, late, outcome));
    return outcome;
  }

  /** Lets every thread end after the call it is in. */
  void stop() {
    stopped = true;
  }

  /** Interrupts every thread, whatever it does. */
  void interrupt() {
    threads.forEach(Thread::interrupt);
  }

  void awaitEnd() throws InterruptedException {
    for (Thread thread : threads) {
      thread.join();
    }
  }

  @Override
  public void close() throws IOException {
    library.close();
    log.close();
  }
}
