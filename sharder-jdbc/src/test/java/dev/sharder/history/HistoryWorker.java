package dev.sharder.history;

import dev.sharder.store.AssignmentStore;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/** The threads of one process, which play a workload on a store and log the outcomes. */
final class HistoryWorker implements AutoCloseable {

  /** The pause after a call of unknown outcome: an unavailable database fails very quickly. */
  private static final Duration PAUSE = Duration.ofMillis(20);

  private final HistoryWorkload workload;
  private final int process;
  private final OperationRunner runner;
  private final CallLog log;
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean stopped;

  HistoryWorker(AssignmentStore store, HistoryWorkload workload, int process, Path file)
      throws IOException {
    this.workload = workload;
    this.process = process;
    this.log = new CallLog(file);
    this.runner = new OperationRunner(store, workload);
  }

  void start() {
    for (int i = 0; i < workload.threads(); i++) {
      int number = i;
      threads.add(new Thread(() -> play(number), "history-" + process + "-" + number));
    }
    threads.forEach(Thread::start);
  }

  private void play(int thread) {
    OperationGenerator generator = new OperationGenerator(workload, process, thread);
    for (int turn = 0; turn < workload.calls() && !stopped; turn++) {
      HistoryOperation operation = generator.next();
      CallOutcome outcome = call("%d-%d-%d".formatted(process, thread, turn), operation);
      if (outcome instanceof CallOutcome.Placed placed
          && operation instanceof HistoryOperation.AssignOne assign) {
        generator.saw(assign.object(), placed.held());
      } else if (outcome instanceof CallOutcome.Assigned assigned
          && operation instanceof HistoryOperation.MoveTo move) {
        generator.saw(move.object(), assigned.held());
      } else if (outcome instanceof CallOutcome.Unknown) {
        LockSupport.parkNanos(PAUSE.toNanos());
      }
      LockSupport.parkNanos(Duration.ofMillis(workload.pauseMillis()).toNanos());
      Thread.interrupted();
    }
  }

  /** Makes one call, and logs it before and after. */
  CallOutcome call(String id, HistoryOperation operation) {
    long late = Duration.ofMillis(workload.lateMillis()).toNanos();
    CallOutcome open = new CallOutcome.Unknown("the process ended");
    long start = System.nanoTime();
    log.write(new RecordedCall(id, process, operation, start, RecordedCall.OPEN, late, open));
    CallOutcome outcome = runner.play(operation, id);
    long end = System.nanoTime();
    boolean isUnknown = outcome instanceof CallOutcome.Unknown;
    log.write(
        new RecordedCall(
            id, process, operation, start, isUnknown ? RecordedCall.OPEN : end, late, outcome));
    return outcome;
  }

  /** Stops every thread after its current call. */
  void stop() {
    stopped = true;
  }

  /** Interrupts every thread. */
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
    runner.close();
    log.close();
  }
}
