package dev.sharder;

import java.nio.charset.StandardCharsets;
import java.util.List;

/** The policy of {@link BinPolicy#rendezvousHashing}. Golden values in tests pin its mapping. */
enum RendezvousHashing implements BinPolicy {
  INSTANCE;

  private static final long FNV_OFFSET_BASIS = 0xcbf29ce484222325L;
  private static final long FNV_PRIME = 0x100000001b3L;

  @Override
  public BinLoad choose(AssignmentRequest request, List<BinLoad> open) {
    long prefix = fnv1a(fnv1a(FNV_OFFSET_BASIS, request.kind() + '\0'), request.object() + '\0');
    BinLoad best = open.get(0);
    double leastCost = Double.POSITIVE_INFINITY;
    for (BinLoad bin : open) {
      double cost = cost(finish(fnv1a(prefix, bin.name())), bin.bin().weight());
      if (cost < leastCost) {
        best = bin;
        leastCost = cost;
      }
    }
    return best;
  }

  /**
   * Returns an exponential variate of rate {@code weight}. The probability that a bin's variate is
   * the smallest is proportional to its weight.
   */
  private static double cost(long hash, int weight) {
    double uniform = ((hash >>> 11) + 0.5) * 0x1.0p-53;
    // StrictMath returns the same bits on every machine.
    return -StrictMath.log(uniform) / weight;
  }

  private static long fnv1a(long hash, String text) {
    for (byte octet : text.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (octet & 0xff)) * FNV_PRIME;
    }
    return hash;
  }

  /** MurmurHash3's finalizer; with FNV-1a alone, names with the same ending hash too close. */
  private static long finish(long hash) {
    hash = (hash ^ (hash >>> 33)) * 0xff51afd7ed558ccdL;
    hash = (hash ^ (hash >>> 33)) * 0xc4ceb9fe1a85ec53L;
    return hash ^ (hash >>> 33);
  }

  @Override
  public String toString() {
    return "rendezvous hashing";
  }
}
