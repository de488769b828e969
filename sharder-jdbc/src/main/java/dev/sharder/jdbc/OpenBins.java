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

  /** The longest pause in rounds. */
  private static final int MAX_PAUSE = 255;

  private final int limit;
  private final Queue<BinLoad> emptiest = new PriorityQueue<>(BinLoad.emptiestWith(1));
  private int read;
  private long turn;
  private @Nullable String server;

  /** For how many more objects no other bin can be the emptiest. */
  private int enough;

  /** How many rounds the last pause had, in which no bins are read, and the server chooses. */
  private int pause;

  /** How many of these rounds are left. */
  private final int paused;

  private OpenBins(int limit, int pause, int paused) {
    this.limit = limit;
    this.pause = pause;
    this.paused = paused;
  }

  private static int within(int bins) {
    return Math.min(Math.max(MIN_BINS, bins), MAX_BINS);
  }

  /** Returns none. */
  static OpenBins unread() {
    return new OpenBins(0, 0, 0);
  }

  /** Returns none, to read bins into in place of these, which are wrong by now. */
  OpenBins anew(int objects) {
    return new OpenBins(within(4 * objects), pause, 0);
  }

  /** Returns none, to read bins into when these are used up: twice as many. */
  OpenBins next(int objects) {
    return paused > 0
        ? new OpenBins(0, pause, paused - 1)
        : new OpenBins(within(2 * read + objects), pause, 0);
  }

  /**
   * Returns none, for a pause. Others were faster each time, so to read bins is of no use for now.
   * Each pause is twice as long as the one before, until a round is in time again.
   */
  OpenBins pause() {
    int longer = Math.min(2 * pause + 1, MAX_PAUSE);
    return new OpenBins(0, longer, longer);
  }

  /** Returns none, to go on after a failure, in the same pause. */
  OpenBins forgotten() {
    return new OpenBins(0, pause, paused);
  }

  /** Returns how many bins to read, the emptiest first. */
  int limit() {
    return limit;
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

  /** Notes that this store was in time, and raised the turn. */
  void raise(int turns) {
    turn += turns;
    pause = 0;
  }
}
