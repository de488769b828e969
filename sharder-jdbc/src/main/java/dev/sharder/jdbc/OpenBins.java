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

  /** The fewest that are read, because to find them costs more than to send them. */
  private static final int MIN_BINS = 64;

  private final int limit;
  private final Queue<BinLoad> emptiest = new PriorityQueue<>(BinLoad.emptiestWith(1));
  private int read;
  private long turn;
  private @Nullable String server;

  /** For how many more objects no other bin can be the emptiest. */
  private int enough;

  private OpenBins(int limit) {
    this.limit = limit;
  }

  /** Returns an empty list; the next round reads no bins. */
  static OpenBins none() {
    return new OpenBins(0);
  }

  /** Returns an empty list; the next round reads this many bins, but from 64 to 2,048. */
  static OpenBins toRead(int bins) {
    return new OpenBins(Math.min(Math.max(MIN_BINS, bins), MAX_BINS));
  }

  /** Returns how many bins to read, the emptiest first. */
  int limit() {
    return limit;
  }

  /** Returns how many bins were read. */
  int read() {
    return read;
  }

  /**
   * Adds a bin that was read.
   *
   * @param turn the turn of the kind at that time, the same for all
   * @param server the server with that turn; null for any
   */
  void add(BinLoad bin, long turn, @Nullable String server) {
    emptiest.add(bin);
    read++;
    enough = read < limit ? MAX_OBJECTS : read;
    this.turn = turn;
    this.server = server;
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

  /** Notes that this store has raised the turn. */
  void raise(int turns) {
    turn += turns;
  }
}
