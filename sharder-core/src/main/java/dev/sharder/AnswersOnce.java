package dev.sharder;

import dev.sharder.store.Placements;
import java.util.HashSet;
import java.util.Set;

/**
 * Answers several callers that requested the same objects: of those that requested one object, only
 * the first learns that its call made the assignment. Not thread-safe.
 */
final class AnswersOnce {

  private final Placements placements;
  private final Set<String> answered = new HashSet<>();

  AnswersOnce(Placements placements) {
    this.placements = placements;
  }

  /** Returns the answer for the object, or throws the exception of a refused one. */
  Placement of(String object) {
    Placement placement = placements.answer(object);
    return answered.add(object) ? placement : new Placement(placement.assignment(), false);
  }
}
