package dev.sharder;

import java.util.List;
import java.util.function.Predicate;

/** Keeps a decorator's guarantee when an outer policy offers it bins that it refuses. */
final class Offered {

  private Offered() {}

  static List<BinLoad> only(List<BinLoad> open, Predicate<BinLoad> suits, BinPolicy policy) {
    List<BinLoad> suitable = open.stream().filter(suits).toList();
    if (suitable.isEmpty()) {
      throw new PolicyException(
          "policy '%s' was offered none of the bins it may choose; let the outer policy delegate refusal() to it, or do not wrap it"
              .formatted(policy),
          null);
    }
    return suitable;
  }
}
