package dev.sharder;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;

/**
 * Chooses a bin for a new object.
 *
 * <p>A policy is a plain function of the request and the bins that may take it. The loads it sees
 * are those at the moment of the choice: nobody changes them before the choice is recorded. The
 * built-in policies are thread-safe; a policy of your own must be too. It is called under the
 * kind's lock, so it should not wait for anything, and must not ask a sharder. Any lambda will do:
 *
 * <pre>{@code
 * BinPolicy firstByName = (request, open) -> open.get(0);
 * }</pre>
 */
@FunctionalInterface
public interface BinPolicy {

  /**
   * Chooses one of the open bins.
   *
   * @param request the object in want of a bin
   * @param open the bins that are open, have room and are not {@linkplain #refusal refused} by this
   *     policy, in the order of their names; never empty; a view to be read within this call
   * @return one of {@code open}; anything else, or an exception, is a {@link PolicyException} for
   *     the caller of this object alone
   */
  BinLoad choose(AssignmentRequest request, List<BinLoad> open);

  /**
   * Tells why this policy would never put the object into the bin, however its load.
   *
   * @param request the object in want of a bin
   * @param bin any bin of the kind
   * @return such as {@code lacks the label gpu=yes}, to follow the bin's name in an error; empty if
   *     the bin may be chosen, which is the default
   */
  default Optional<String> refusal(AssignmentRequest request, Bin bin) {
    return Optional.empty();
  }

  /**
   * Tells why the policy chose another bin, for a person who asks.
   *
   * @param request the object in want of a bin
   * @param bin one that was open to it
   * @param chosen the one that was chosen
   * @return such as {@code would then hold 12 for each unit of weight, and 'hub-2' 11}, to follow
   *     the bin's name
   */
  default String reason(AssignmentRequest request, BinLoad bin, BinLoad chosen) {
    return "was open too, and the policy '%s' chose '%s'".formatted(this, chosen.name());
  }

  /**
   * Emptiest bin, that is weighted least loaded: the smallest (assigned + offset + size) / weight,
   * where most objects have size 1, ties by bin name. The default policy.
   *
   * <p>Guarantee: with objects of size 1, equal weights and offsets, fixed bins and no removals,
   * the fullest and the emptiest bin differ by at most 1 at every commit. In general
   * c<sub>i</sub>/w<sub>i</sub> ≤ (c<sub>j</sub> + 1)/w<sub>j</sub>, offsets counted in, for every
   * bin i that was given an object and every bin j that was open then and has lost nothing since.
   * Where sizes differ, it is the size of the largest object placed instead of 1, so that max − min
   * never exceeds it. Stores may choose in their own way (in SQL, say) with the same answers.
   *
   * <p>Source: list scheduling, R. L. Graham, "Bounds on multiprocessing timing anomalies", 1969;
   * the quotient is D'Hondt's (Jefferson's) divisor method of apportionment.
   *
   * @return the one such policy
   */
  static BinPolicy emptiest() {
    return LeastLoaded.INSTANCE;
  }

  /**
   * Most allocated, that is fill-first: the bin with the largest (assigned + offset) / capacity,
   * ties by bin name; bins without a capacity only when none with a capacity is left.
   *
   * <p>Guarantee: bins that start empty are filled to capacity one after another, so that the last
   * ones stay empty and can be taken away. Weights are ignored.
   *
   * <p>Source: best fit for bin packing, D. S. Johnson, 1973; the {@code MostAllocated} scoring of
   * the Kubernetes scheduler.
   *
   * @return the one such policy
   */
  static BinPolicy mostAllocated() {
    return MostAllocated.INSTANCE;
  }

  /**
   * Power of two choices: draws two different bins, each pair as likely as any other, and takes the
   * one with the smaller (assigned + offset + 1) / weight, ties by bin name.
   *
   * <p>Guarantee: with n bins of equal weight the fullest is log<sub>2</sub> log<sub>2</sub> n +
   * O(1) above the average with high probability, however many objects there are. Useful where the
   * exact minimum makes everyone choose alike.
   *
   * <p>Source: Y. Azar, A. Broder, A. Karlin, E. Upfal, "Balanced allocations", 1994; M.
   * Mitzenmacher, "The power of two choices in randomized load balancing", 2001; P. Berenbrink, A.
   * Czumaj, A. Steger, B. Vöcking, "Balanced allocations: the heavily loaded case", 2000.
   *
   * @return such a policy
   */
  static BinPolicy powerOfTwoChoices() {
    return powerOfTwoChoices(() -> ThreadLocalRandom.current().nextLong());
  }

  /**
   * {@link #powerOfTwoChoices()} with a given source of randomness.
   *
   * @param random must be thread-safe if the sharder is used by several threads
   * @return such a policy
   */
  static BinPolicy powerOfTwoChoices(RandomGenerator random) {
    return new PowerOfTwoChoices(random);
  }

  /**
   * Weighted random: each open bin with a probability of its weight over the sum of the weights.
   *
   * <p>Guarantee: shares approach the weights as objects grow in number; with n equal bins and m
   * objects the fullest is about √(2(m/n) ln n) above the average. Loads are ignored.
   *
   * <p>Source: M. Raab, A. Steger, "Balls into bins — a simple and tight analysis", 1998.
   *
   * @return such a policy
   */
  static BinPolicy random() {
    return random(() -> ThreadLocalRandom.current().nextLong());
  }

  /**
   * {@link #random()} with a given source of randomness.
   *
   * @param random must be thread-safe if the sharder is used by several threads
   * @return such a policy
   */
  static BinPolicy random(RandomGenerator random) {
    return new WeightedRandom(random);
  }

  /**
   * Round robin: the open bins in turn, in the order of their names.
   *
   * <p>The turn is the number of assignments in the open bins, modulo the number of open bins: the
   * store itself remembers whose turn it is. Guarantee: while the open bins stay the same and
   * nothing is moved or removed, any n assignments in a row give each of n bins exactly one, across
   * threads, processes and restarts. Weights and loads are ignored.
   *
   * @return the one such policy
   */
  static BinPolicy roundRobin() {
    return RoundRobin.INSTANCE;
  }

  /**
   * Weighted rendezvous hashing (highest random weight): the bin whose hash with the object is
   * best.
   *
   * <p>Guarantee: the choice depends on nothing but the kind, the object and the open bins with
   * their weights, and is the same in every process and every version of this library; each bin is
   * chosen for a share of its weight over the sum of the weights; a bin that comes takes only its
   * own share, and a bin that goes gives its own to the others in proportion. Loads are ignored.
   *
   * <p>Source: D. Thaler, C. Ravishankar, "Using name-based mappings to increase hit rates", 1998;
   * weights by −ln(u)/w from C. Schindelhauer, G. Schomaker, "Weighted distributed hash tables",
   * 2005; the hash is 64-bit FNV-1a of {@code kind NUL object NUL bin} in UTF-8, finished with
   * MurmurHash3's 64-bit finalizer.
   *
   * @return the one such policy
   */
  static BinPolicy rendezvousHashing() {
    return RendezvousHashing.INSTANCE;
  }

  /**
   * Pins objects to bins: first by the exact name, then by the longest prefix of it that is pinned;
   * the others are left to another policy.
   *
   * <p>Guarantee: a pinned object goes to its bin or nowhere. While that bin is closed, full or
   * missing, the caller gets a {@link NoOpenBinException} that says so.
   *
   * @param names bin by object name
   * @param prefixes bin by prefix of object names; the empty prefix fits every object
   * @param others chooses for objects that are not pinned
   * @return such a policy
   */
  static BinPolicy pinned(
      Map<String, String> names, Map<String, String> prefixes, BinPolicy others) {
    return new Pinned(Map.copyOf(names), Map.copyOf(prefixes), others);
  }

  /**
   * Only bins that carry every one of these labels with these values; among them another policy
   * chooses.
   *
   * <p>Guarantee: an object is never put into a bin that lacks one of the labels at the time. If no
   * labelled bin is open, the caller gets a {@link NoOpenBinException} that says so.
   *
   * @param labels the labels a bin must carry
   * @param among chooses among the labelled bins
   * @return such a policy
   */
  static BinPolicy labelled(Map<String, String> labels, BinPolicy among) {
    return new Labelled(new TreeMap<>(labels), among);
  }

  /**
   * Lets a new bin catch up without swallowing every newcomer: while bins are far emptier than the
   * others, they take at most a share of the new assignments, and the others share the rest.
   *
   * <p>A bin is far emptier while it would stay below the average of the open bins, (assigned +
   * offset) / weight, even with the object. Where {@link #emptiest} has always chosen among the
   * same bins, none is.
   *
   * <p>Guarantee, instead of that of the policy alone: while the open bins stay the same, nothing
   * is moved or removed, and sizes are 1, of any m new assignments in a row at most m · share,
   * rounded up, go to bins that are far emptier then, to all of these together; across threads,
   * processes and restarts, as the store itself counts the turns. Where no bin is far emptier, or
   * no other has room, the policy chooses as ever: nobody is refused for the ramp. Where sizes
   * differ, the turns are counted by load and the share is kept on average only.
   *
   * @param share more than 0 and less than 1, such as 0.5 for every other newcomer
   * @param policy chooses among the bins that may take the object
   * @return such a policy
   * @throws InvalidValueException if the share is outside that range
   */
  static BinPolicy ramped(double share, BinPolicy policy) {
    if (!(share > 0 && share < 1)) {
      throw new InvalidValueException(
          "ramp has a share of %s; use one between 0 and 1, such as 0.5".formatted(share));
    }
    BigDecimal exactly = new BigDecimal(share);
    return new Ramped(
        (newcomers, open) -> exactly.multiply(BigDecimal.valueOf(newcomers)).longValue(),
        "at most %s of the newcomers".formatted(share),
        policy);
  }

  /**
   * As {@link #ramped}, with a share of so many times 1/n for n open bins: with 2, a new bin fills
   * at most twice as fast as it would among equals.
   *
   * @param times 1 or more
   * @param policy chooses among the bins that may take the object
   * @return such a policy
   * @throws InvalidValueException if it is less than 1
   */
  static BinPolicy rampedToTimesEven(int times, BinPolicy policy) {
    if (times < 1) {
      throw new InvalidValueException(
          "ramp takes %d times an even share; use a whole number from 1".formatted(times));
    }
    return new Ramped(
        (newcomers, open) -> newcomers * Math.min(times, open) / open,
        "at most %d/n of the newcomers".formatted(times),
        policy);
  }
}
