package dev.sharder.history;

import dev.sharder.store.AssignmentStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.BiFunction;

/**
 * Records the concurrent calls of several processes on one kind, and checks whether one serial
 * order explains them. For example:
 *
 * <pre>{@code
 * try (Program one = Program.start(url, 4, Duration.ofMinutes(5), folder);
 *     Program two = Program.start(url, 4, Duration.ofMinutes(5), folder)) {
 *   ConcurrentHistory history = new ConcurrentHistory(Workload.of(seed, 4, 1_000), folder);
 *   history.begin(store, List.of(one, two));
 *   two.kill(); // or any other fault
 *   history.stop();
 *   history.check(store);
 * }
 * }</pre>
 *
 * <p>Players may be started and killed while the history runs. A call whose process died, or that
 * ended with an error other than a refusal, may have taken effect at any time after it began, or
 * not at all.
 */
public final class ConcurrentHistory {

  private static final Duration MAX_WAIT = Duration.ofMinutes(5);

  private final HistoryWorkload workload;
  private final Path folder;
  private final List<HistoryPlayer> players = new ArrayList<>();
  private final List<Path> files = new ArrayList<>();

  /**
   * Creates a history.
   *
   * @param workload the calls to make; its kind must be new to the store
   * @param folder where the calls are logged
   */
  public ConcurrentHistory(HistoryWorkload workload, Path folder) {
    this.workload = workload;
    this.folder = folder;
  }

  /** Adds the first bins, and starts the players. */
  public void begin(AssignmentStore store, List<? extends HistoryPlayer> these) throws IOException {
    try (HistoryWorker operator = new HistoryWorker(store, workload, 0, newFile())) {
      List<HistoryOperation> bins = OperationGenerator.firstBins(workload);
      for (int i = 0; i < bins.size(); i++) {
        operator.call("begin-" + i, bins.get(i));
      }
    }
    for (HistoryPlayer player : these) {
      join(player);
    }
  }

  /** Starts another player, such as the successor of one that was killed. */
  public void join(HistoryPlayer player) throws IOException {
    Path file = newFile();
    players.add(player);
    player.start(workload, files.size() - 1, file);
  }

  private Path newFile() {
    Path file =
        folder.resolve("%s-%d.jsonl".formatted(workload.kind().replace(' ', '-'), files.size()));
    files.add(file);
    return file;
  }

  /** Stops every player after its current calls, and waits for them. */
  public void stop() throws IOException, InterruptedException {
    for (HistoryPlayer player : players) {
      player.stop();
    }
    awaitEnd();
  }

  /** Waits until every player has made all its calls. */
  public void awaitEnd() throws IOException, InterruptedException {
    for (HistoryPlayer player : players) {
      player.awaitEnd();
    }
    players.clear();
  }

  /**
   * Fails unless one serial order explains all answers, all changes and the final state.
   *
   * @param store reads the final state; no fault is active any more
   */
  public HistoryVerdict check(AssignmentStore store) throws IOException {
    return check(store, HistoryVerdict::of);
  }

  /**
   * Checks a history during which connections were lost, as {@link #check} does: a roster whose
   * acknowledgement was lost may have assigned more objects than it reports.
   */
  public HistoryVerdict checkAfterFaults(AssignmentStore store) throws IOException {
    return check(store, HistoryVerdict::afterFaults);
  }

  private HistoryVerdict check(
      AssignmentStore store,
      BiFunction<Collection<RecordedCall>, FinalState, HistoryVerdict> verdicts)
      throws IOException {
    FinalState ending = FinalState.read(store, workload.kind());
    HistoryVerdict verdict = verdicts.apply(calls(), ending);
    if (verdict.kind() != HistoryVerdict.Kind.EXPLAINED) {
      Files.writeString(folder.resolve("ending.txt"), ending.describe());
      throw new AssertionError(
          "%s (seed %d, calls in %s)%n%s"
              .formatted(
                  verdict.kind() == HistoryVerdict.Kind.UNDECIDED
                      ? "it is not known whether a serial order explains the history"
                      : "no serial order explains the history",
                  workload.seed(),
                  folder,
                  verdict.explanation()));
    }
    return verdict;
  }

  HistoryWorkload workload() {
    return workload;
  }

  /** Waits until the given number of calls has begun. */
  public void awaitCalls(int count) throws IOException, InterruptedException {
    long end = System.nanoTime() + MAX_WAIT.toNanos();
    while (calls().size() < count) {
      if (System.nanoTime() > end) {
        throw new AssertionError(
            "%d calls began within %s, but %d were expected; look at the errors of the players in %s"
                .formatted(calls().size(), MAX_WAIT, count, folder));
      }
      Thread.sleep(10);
    }
  }

  HistoryVerdict verdict(AssignmentStore store) throws IOException {
    List<RecordedCall> calls = calls().stream().filter(call -> !call.isWithoutEffect()).toList();
    return HistoryVerdict.of(calls, FinalState.read(store, workload.kind()));
  }

  List<RecordedCall> calls() throws IOException {
    List<RecordedCall> calls = new ArrayList<>();
    for (Path file : files) {
      calls.addAll(CallLog.read(file));
    }
    return calls;
  }
}
