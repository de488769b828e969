package dev.sharder;

import java.util.List;
import java.util.function.Predicate;

/** Keeps a decorator's guarantee where a policy of somebody else's calls it with other bins. */
final class Offered {

  private Offered() {}

  static List<BinLoad> only(List<BinLoad> open, Predicate<BinLoad> suits, BinPolicy policy) {
    List<BinLoad> suitable = open.stream().filter(suits).toList();
    if (suitable.isEmpty()) {
      throw new PolicyException(
          "policy '%s' was offered none of the bins it may choose; pass its refusal() on, or wrap it less"
              .formatted(policy),
          null);
    }
    return suitable;
  }
}
