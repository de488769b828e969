package dev.sharder;

import java.nio.charset.StandardCharsets;
import java.util.List;

/** See {@link BinPolicy#rendezvousHashing}. The mapping is pinned for ever by golden values. */
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

  /** An exponential variate of rate {@code weight}: the least of several falls by their weights. */
  private static double cost(long hash, int weight) {
    double uniform = ((hash >>> 11) + 0.5) * 0x1.0p-53;
    // StrictMath gives the same bits on every machine.
    return -StrictMath.log(uniform) / weight;
  }

  private static long fnv1a(long hash, String text) {
    for (byte octet : text.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (octet & 0xff)) * FNV_PRIME;
    }
    return hash;
  }

  /** MurmurHash3's finalizer; FNV-1a alone leaves names that end alike too close together. */
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
