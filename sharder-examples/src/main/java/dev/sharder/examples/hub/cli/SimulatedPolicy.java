package dev.sharder.examples.hub.cli;

import dev.sharder.BinPolicy;
import java.util.Arrays;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/** A built-in policy that a simulation can try. */
enum SimulatedPolicy {
  EMPTIEST,
  RAMPED,
  MOST_ALLOCATED,
  POWER_OF_TWO_CHOICES,
  RANDOM,
  ROUND_ROBIN,
  RENDEZVOUS_HASHING;

  static SimulatedPolicy of(String word) {
    return Arrays.stream(values())
        .filter(policy -> policy.word().equals(word))
        .findFirst()
        .orElseThrow(
            () ->
                new UsageException(
                    "policy '%s' is unknown; use %s"
                        .formatted(
                            word,
                            Arrays.stream(values())
                                .map(SimulatedPolicy::word)
                                .collect(Collectors.joining(", ")))));
  }

  String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * Returns the policy.
   *
   * @param ramp the share of far emptier bins, for the policy that has one
   * @param seed for the policies that draw at random
   */
  BinPolicy policy(double ramp, long seed) {
    return switch (this) {
      case EMPTIEST -> BinPolicy.emptiest();
      case RAMPED -> BinPolicy.ramped(ramp, BinPolicy.emptiest());
      case MOST_ALLOCATED -> BinPolicy.mostAllocated();
      case POWER_OF_TWO_CHOICES -> BinPolicy.powerOfTwoChoices(new SplittableRandom(seed));
      case RANDOM -> BinPolicy.random(new SplittableRandom(seed));
      case ROUND_ROBIN -> BinPolicy.roundRobin();
      case RENDEZVOUS_HASHING -> BinPolicy.rendezvousHashing();
    };
  }
}
