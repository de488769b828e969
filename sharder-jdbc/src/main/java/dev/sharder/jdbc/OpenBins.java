package dev.sharder.jdbc;

import dev.sharder.BinLoad;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * The emptiest open bins of a kind with their loads, and what was placed since they were read. They
 * are right while the kind has the {@link #turn}. Not thread-safe.
 */
final class OpenBins {

  /** The most that are read. */
  private static final int MAX_BINS = 2_048;

  /**
   * For how many objects they are used if they are all that the kind has. A load that was changed
   * in SQL raises no turn, and so is seen after that many.
   */
  private static final int MAX_OBJECTS = 65_536;

  private final @Nullable String server;
  private final int read;
  private final Queue<BinLoad> emptiest = new PriorityQueue<>(BinLoad.emptiestWith(1));
  private long turn;
  private boolean isShared;

  /** For how many more objects no other bin can be the emptiest. */
  private int enough;

  /**
   * Creates them as they were read.
   *
   * @param turn the turn of the kind
   * @param server the server with that turn; null for any
   * @param bins the emptiest bins; at most {@code limit}
   * @param limit how many bins were to be read
   * @param isShared whether another store had the lock since this one had it
   */
  OpenBins(long turn, @Nullable String server, List<BinLoad> bins, int limit, boolean isShared) {
    this.turn = turn;
    this.server = server;
    this.read = bins.size();
    this.enough = read < limit ? MAX_OBJECTS : read;
    this.isShared = isShared;
    emptiest.addAll(bins);
  }

  long turn() {
    return turn;
  }

  /** Returns the server with that turn; null for any. */
  @Nullable String server() {
    return server;
  }

  /** Chooses the bins of the next objects, and counts them; empty if these bins may be too few. */
  Optional<List<String>> take(int objects) {
    List<String> taken = new ArrayList<>(objects);
    while (taken.size() < objects && taken.size() < enough && !emptiest.isEmpty()) {
      BinLoad bin = emptiest.remove();
      taken.add(bin.name());
      BinLoad counted = bin.plus(1);
      if (counted.refusal().isEmpty()) {
        emptiest.add(counted);
      }
    }
    enough -= taken.size();
    return taken.size() < objects ? Optional.empty() : Optional.of(taken);
  }

  /** Notes that this store had the lock, and raised the turn. */
  void raise(int turns) {
    turn += turns;
  }

  /** Notes that another store had the lock. */
  void share() {
    isShared = true;
  }

  /**
   * Returns how many to read instead of these: the more, the more were used up; none if another
   * store places too, because they would be of no use.
   */
  int nextLimit(int objects) {
    return isShared ? 0 : Math.min(2 * read + objects, MAX_BINS);
  }

  /** Returns how many to read at first. */
  static int firstLimit(int objects) {
    return Math.min(objects, MAX_BINS);
  }
}
