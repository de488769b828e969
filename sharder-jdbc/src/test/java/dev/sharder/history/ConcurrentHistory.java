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
 * What several processes of several threads did to one kind at the same time, written down call by
 * call, and whether one serial order explains it. For instance:
 *
 * <pre>{@code
 * try (Program one = Program.start(url, 4, Duration.ofMinutes(5), folder);
 *     Program two = Program.start(url, 4, Duration.ofMinutes(5), folder)) {
 *   ConcurrentHistory history = new ConcurrentHistory(Workload.of(seed, 4, 1_000), folder);
 *   history.begin(store, List.of(one, two));
 *   two.kill(); // or whatever else may go wrong
 *   history.stop();
 *   history.check(store);
 * }
 * }</pre>
 *
 * <p>Players may be started and killed while the history runs. A call whose process died, or that
 * ended with any error but a definite refusal, may or may not have been done, at any time after it
 * began.
 */
public final class ConcurrentHistory {

  private static final Duration LONGEST_WAIT = Duration.ofMinutes(5);

  private final Workload workload;
  private final Path folder;
  private final List<Player> players = new ArrayList<>();
  private final List<Path> files = new ArrayList<>();

  /**
   * Prepares a history.
   *
   * @param workload what is done; its kind is new to the store
   * @param folder where the calls are written down
   */
  public ConcurrentHistory(Workload workload, Path folder) {
    this.workload = workload;
    this.folder = folder;
  }

  /** Adds the first bins, and lets the players play. */
  public void begin(AssignmentStore store, List<? extends Player> these) throws IOException {
    try (Worker operator = new Worker(store, workload, 0, newFile())) {
      List<Operation> bins = Draw.toBeginWith(workload);
      for (int i = 0; i < bins.size(); i++) {
        operator.call("begin-" + i, bins.get(i));
      }
    }
    for (Player player : these) {
      join(player);
    }
  }

  /** Lets one more player play, such as the successor of one that was killed. */
  public void join(Player player) throws IOException {
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

  /** Lets every player end after the calls it is in, and waits for that. */
  public void stop() throws IOException, InterruptedException {
    for (Player player : players) {
      player.stop();
    }
    awaitEnd();
  }

  /** Waits until every player has made all its calls. */
  public void awaitEnd() throws IOException, InterruptedException {
    for (Player player : players) {
      player.awaitEnd();
    }
    players.clear();
  }

  /**
   * Fails unless one serial order explains all answers, all changes and what there is in the end.
   *
   * @param store sees the end; nothing is in its way any more
   */
  public Verdict check(AssignmentStore store) throws IOException {
    return check(store, Verdict::of);
  }

  /**
   * Fails as {@link #check} does, for a history during which connections were lost: a roster whose
   * acknowledgement was lost may have assigned more than it counts.
   */
  public Verdict checkAfterFaults(AssignmentStore store) throws IOException {
    return check(store, Verdict::afterFaults);
  }

  private Verdict check(
      AssignmentStore store, BiFunction<Collection<Call>, Ending, Verdict> verdicts)
      throws IOException {
    Ending ending = Ending.read(store, workload.kind());
    Verdict verdict = verdicts.apply(calls(), ending);
    if (verdict.kind() != Verdict.Kind.EXPLAINED) {
      Files.writeString(folder.resolve("ending.txt"), ending.told());
      throw new AssertionError(
          "%s (seed %d, calls in %s)%n%s"
              .formatted(
                  verdict.kind() == Verdict.Kind.UNDECIDED
                      ? "it is not known whether a serial order explains the history"
                      : "no serial order explains the history",
                  workload.seed(),
                  folder,
                  verdict.told()));
    }
    return verdict;
  }

  Workload workload() {
    return workload;
  }

  /** Waits until so many calls were begun. */
  public void awaitCalls(int count) throws IOException, InterruptedException {
    long end = System.nanoTime() + LONGEST_WAIT.toNanos();
    while (calls().size() < count) {
      if (System.nanoTime() > end) {
        throw new AssertionError(
            "%d calls were begun within %s, and %d are waited for; look at what the players have to complain of in %s"
                .formatted(calls().size(), LONGEST_WAIT, count, folder));
      }
      Thread.sleep(10);
    }
  }

  Verdict verdict(AssignmentStore store) throws IOException {
    return Verdict.of(calls(), Ending.read(store, workload.kind()));
  }

  List<Call> calls() throws IOException {
    List<Call> calls = new ArrayList<>();
    for (Path file : files) {
      calls.addAll(CallLog.read(file));
    }
    return calls;
  }
}
