package dev.sharder.admin;

import dev.sharder.StoreException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;

/** Applies many moves in batches, each in one transaction. */
final class MoveBatches {

  /** Moves in a batch: enough to be fast, few enough not to block others. */
  private static final int BATCH_SIZE = 1_000;

  private MoveBatches() {}

  static MoveCounts apply(
      Iterator<Move> moves, Function<List<Move>, MoveResult> batch, Consumer<MoveResult> progress) {
    MoveCounts counts = MoveCounts.NONE;
    while (moves.hasNext()) {
      checkInterrupt(
          "interrupted (objects moved: %d); apply the moves again: moved objects are skipped"
              .formatted(counts.moved()));
      MoveResult done = batch.apply(next(moves));
      counts = counts.plus(done);
      progress.accept(done);
    }
    return counts;
  }

  /** A batch that moves nothing unless the kind has the given revision. */
  interface ConditionalBatch {
    MoveResult apply(long revision, List<Move> moves);
  }

  /** Applies the moves of a plan until they end, or someone else changes the kind. */
  static MoveCounts applyCurrent(
      long planned, Iterator<Move> moves, ConditionalBatch batch, Consumer<MoveResult> progress) {
    MoveCounts counts = MoveCounts.NONE;
    long revision = planned;
    while (moves.hasNext()) {
      checkInterrupt("interrupted; what was moved stays moved, so call again to move the rest");
      MoveResult done = batch.apply(revision, next(moves));
      if (done.revisionBefore() != revision) {
        return counts;
      }
      revision = done.revision();
      counts = counts.plus(done);
      progress.accept(done);
    }
    return counts;
  }

  private static void checkInterrupt(String message) {
    if (Thread.currentThread().isInterrupted()) {
      throw new StoreException(message, null);
    }
  }

  private static List<Move> next(Iterator<Move> moves) {
    List<Move> next = new ArrayList<>();
    while (moves.hasNext() && next.size() < BATCH_SIZE) {
      next.add(moves.next());
    }
    return next;
  }
}
