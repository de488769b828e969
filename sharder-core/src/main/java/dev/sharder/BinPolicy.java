package dev.sharder;

import java.math.BigDecimal;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;

/**
 * Chooses a bin for a new object.
 *
 * <p>A policy is a function of the request and the bins that may take it. The loads it sees do not
 * change before its choice is recorded. The built-in policies are thread-safe, and a custom policy
 * must be too. It is called while the kind is locked, so it should not block, and must not call a
 * sharder or a store. Of a group, it places only the first object; the others follow to the same
 * bin, and the policy is not asked. A lambda is enough:
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
   * @param request the object to place
   * @param open the bins that are open, have room and are not {@linkplain #refusal refused} by this
   *     policy, in the order of their names; never empty; an unmodifiable view that is valid only
   *     during this call
   * @return one of {@code open}. If the policy returns anything else, or throws, the caller that
   *     requested this object gets a {@link PolicyException}; other objects are not affected
   */
  BinLoad choose(AssignmentRequest request, List<BinLoad> open);

  /**
   * Returns why this policy never places the object in the bin, whatever the bin's load.
   *
   * @param request the object to place
   * @param bin any bin of the kind
   * @return a reason to follow the bin's name in an error, such as {@code lacks the label gpu=yes};
   *     empty, which is the default, if the bin may be chosen
   */
  default Optional<String> refusal(AssignmentRequest request, Bin bin) {
    return Optional.empty();
  }

  /**
   * Returns why the policy chose another bin, for {@linkplain dev.sharder.admin.ShardAdmin#explain
   * explanations}.
   *
   * @param request the object to place
   * @param bin a bin that could have been chosen
   * @param chosen the bin that was chosen
   * @return a reason to follow the bin's name, such as {@code would then hold 12 for each unit of
   *     weight, and 'hub-2' 11}
   */
  default String reason(AssignmentRequest request, BinLoad bin, BinLoad chosen) {
    return "was open too, but the policy '%s' chose '%s'".formatted(this, chosen.name());
  }

  /**
   * Returns the default policy: the emptiest bin, also known as weighted least loaded. It chooses
   * the smallest (assigned + offset + size) / weight, where most objects have size 1, ties by bin
   * name.
   *
   * <p>Guarantee: with objects of size 1, equal weights and offsets, fixed bins none of which is
   * full, and no moves or removals, the fullest and the emptiest bin differ by at most 1 at every
   * commit. In general c<sub>i</sub>/w<sub>i</sub> ≤ (c<sub>j</sub> + 1)/w<sub>j</sub>, offsets
   * counted in, for every bin i that was given an object and every bin j that was open then and has
   * lost nothing since. Where sizes differ, the size of the largest object placed takes the place
   * of 1, so that max − min never exceeds it. A store may compute the choice itself, such as in
   * SQL, with the same result.
   *
   * <p>Source: list scheduling, R. L. Graham, "Bounds on multiprocessing timing anomalies", 1969;
   * the quotient is D'Hondt's (Jefferson's) divisor method of apportionment.
   *
   * @return the shared instance
   */
  static BinPolicy emptiest() {
    return LeastLoaded.INSTANCE;
  }

  /**
   * Returns the fill-first policy, also known as most allocated. It chooses the bin with the
   * largest (assigned + offset) / capacity, ties by bin name, and bins without a capacity only when
   * no bin with a capacity is open.
   *
   * <p>Guarantee: bins that start empty are filled to capacity one after another, so that the last
   * ones stay empty and can be removed. Weights are ignored.
   *
   * <p>Source: best fit for bin packing, D. S. Johnson, 1973; the {@code MostAllocated} scoring of
   * the Kubernetes scheduler.
   *
   * @return the shared instance
   */
  static BinPolicy mostAllocated() {
    return MostAllocated.INSTANCE;
  }

  /**
   * Returns the power-of-two-choices policy. It draws two different bins, each pair with the same
   * probability, and chooses the one with the smaller (assigned + offset + size) / weight, ties by
   * bin name.
   *
   * <p>Guarantee: with n bins of equal weight the fullest is log<sub>2</sub> log<sub>2</sub> n +
   * O(1) above the average with high probability, however many objects there are. Useful where
   * choosing the exact minimum would send all callers to the same bin.
   *
   * <p>Source: Y. Azar, A. Broder, A. Karlin, E. Upfal, "Balanced allocations", 1994; M.
   * Mitzenmacher, "The power of two choices in randomized load balancing", 2001; P. Berenbrink, A.
   * Czumaj, A. Steger, B. Vöcking, "Balanced allocations: the heavily loaded case", 2000.
   *
   * @return a policy with a thread-safe source of randomness
   */
  static BinPolicy powerOfTwoChoices() {
    return powerOfTwoChoices(() -> ThreadLocalRandom.current().nextLong());
  }

  /**
   * Returns the policy of {@link #powerOfTwoChoices()} with the given source of randomness.
   *
   * @param random must be thread-safe if several threads use the sharder
   * @return a new policy
   */
  static BinPolicy powerOfTwoChoices(RandomGenerator random) {
    return new PowerOfTwoChoices(random);
  }

  /**
   * Returns the weighted random policy. It chooses each open bin with a probability of its weight
   * over the sum of the weights.
   *
   * <p>Guarantee: shares approach the weights as the number of objects grows. With n equal bins and
   * many more objects, m, the fullest is about √(2(m/n) ln n) above the average with high
   * probability. Loads are ignored.
   *
   * <p>Source: M. Raab, A. Steger, "Balls into bins — a simple and tight analysis", 1998.
   *
   * @return a policy with a thread-safe source of randomness
   */
  static BinPolicy random() {
    return random(() -> ThreadLocalRandom.current().nextLong());
  }

  /**
   * Returns the policy of {@link #random()} with the given source of randomness.
   *
   * @param random must be thread-safe if several threads use the sharder
   * @return a new policy
   */
  static BinPolicy random(RandomGenerator random) {
    return new WeightedRandom(random);
  }

  /**
   * Returns the round-robin policy. It chooses the open bins in turn, in the order of their names.
   *
   * <p>The turn is the sum of what is assigned to the open bins, modulo the number of open bins, so
   * the store itself remembers it. Guarantee: while the open bins stay the same, sizes are 1, and
   * nothing is moved or removed, any n assignments in a row give each of n bins exactly one, across
   * threads, processes and restarts. Weights and loads are ignored.
   *
   * @return the shared instance
   */
  static BinPolicy roundRobin() {
    return RoundRobin.INSTANCE;
  }

  /**
   * Returns the weighted rendezvous hashing policy, also known as highest random weight. It chooses
   * the bin with the best weighted hash of kind, object and bin.
   *
   * <p>Guarantee: the choice depends only on the kind, the object and the open bins with their
   * weights, and is the same in every process and every version of this library. Each bin gets a
   * share of its weight over the sum of the weights. A bin that is added takes only its own share,
   * and the share of a bin that is removed goes to the others in proportion. Loads are ignored.
   *
   * <p>Source: D. Thaler, C. Ravishankar, "Using name-based mappings to increase hit rates", 1998;
   * weights by −ln(u)/w from C. Schindelhauer, G. Schomaker, "Weighted distributed hash tables",
   * 2005; the hash is 64-bit FNV-1a of {@code kind NUL object NUL bin} in UTF-8, finished with
   * MurmurHash3's 64-bit finalizer.
   *
   * @return the shared instance
   */
  static BinPolicy rendezvousHashing() {
    return RendezvousHashing.INSTANCE;
  }

  /**
   * Returns a policy that pins objects to bins: by the exact name first, then by the longest pinned
   * prefix of the name. Another policy places all other objects.
   *
   * <p>Guarantee: a pinned object is placed in its bin or refused. While that bin is closed, full
   * or missing, the caller gets a {@link NoOpenBinException} that says so.
   *
   * @param names the bin of each pinned object name
   * @param prefixes the bin of each pinned prefix; the empty prefix matches every object
   * @param others places objects that are not pinned
   * @return a new policy
   */
  static BinPolicy pinned(
      Map<String, String> names, Map<String, String> prefixes, BinPolicy others) {
    return Pinned.of(names, prefixes, others);
  }

  /**
   * Returns a policy that uses only bins with all of the given labels and values. Another policy
   * chooses among them.
   *
   * <p>Guarantee: an object is never placed in a bin that lacks one of the labels at that time. If
   * no bin with these labels is open, the caller gets a {@link NoOpenBinException} that says so.
   *
   * @param labels the labels that a bin must have
   * @param among chooses among the bins with these labels
   * @return a new policy
   */
  static BinPolicy labelled(Map<String, String> labels, BinPolicy among) {
    return new Labelled(new TreeMap<>(labels), Collections.emptySortedSet(), among);
  }

  /**
   * Returns a policy that uses only bins whose labels match the request: for each of these names,
   * the bin's label equals the request's {@linkplain AssignmentRequest#attributes attribute}.
   * Another policy chooses among them. With the name {@code region}, for example, a tenant with the
   * attribute {@code region=eu} goes to a bin with the label {@code region=eu}.
   *
   * <p>Guarantee: an object is never placed in a bin whose label differs from its attribute at that
   * time. Plans of a {@link dev.sharder.admin.ShardAdmin} with this policy never move it to a bin
   * whose label differs from that of its present bin, and move nothing out of a bin without the
   * label. An object without the attribute is refused, so {@link Sharder#assignAll} and the other
   * calls with names only place no new objects. If no bin fits, the caller gets a {@link
   * NoOpenBinException} that says so.
   *
   * @param attributes the names of the labels and attributes that must agree
   * @param among chooses among the bins that fit
   * @return a new policy
   */
  static BinPolicy labelled(Set<String> attributes, BinPolicy among) {
    return new Labelled(Collections.emptySortedMap(), new TreeSet<>(attributes), among);
  }

  /**
   * Returns a policy with a name for errors and explanations, which otherwise show what {@code
   * toString()} returns. A lambda has no readable name of its own.
   *
   * @param name such as {@code first by name}
   * @param policy makes the choices
   * @return a new policy
   */
  static BinPolicy named(String name, BinPolicy policy) {
    return new Named(name, policy);
  }

  /**
   * Returns a policy that lets a new bin catch up slowly instead of taking every new object: while
   * some bins are far emptier than the others, they take at most a share of the new assignments,
   * and the others take the rest.
   *
   * <p>A bin is far emptier while its load with the object would still be below the average of the
   * open bins, (assigned + offset) / weight. Bins among which {@link #emptiest} has always chosen
   * are never far emptier.
   *
   * <p>Guarantee, instead of that of the policy alone: while the open bins stay the same, nothing
   * is moved or removed, and sizes are 1, at most m · share, rounded up, of any m new assignments
   * in a row go to all bins together that are far emptier at the time. This holds across threads,
   * processes and restarts, because the store itself counts the turns. If no bin is far emptier, or
   * no other bin has room, the policy chooses among all bins: no object is refused because of the
   * ramp. Where sizes differ, turns are counted by load, and the share holds only on average.
   *
   * @param share more than 0 and less than 1, such as 0.5 for every other new object
   * @param policy chooses among the bins that may take the object
   * @return a new policy
   * @throws InvalidValueException if the share is outside that range
   */
  static BinPolicy ramped(double share, BinPolicy policy) {
    if (!(share > 0 && share < 1)) {
      throw new InvalidValueException(
          "ramp has a share of %s; use one between 0 and 1, such as 0.5".formatted(share));
    }
    BigDecimal exactly = new BigDecimal(share);
    return new Ramped(
        (objects, openBins) -> exactly.multiply(BigDecimal.valueOf(objects)).longValue(),
        "at most %s of the new objects".formatted(share),
        policy);
  }

  /**
   * Returns a policy like {@link #ramped} whose share is {@code times} / n for n open bins: that
   * many times an even share. With 2, a new bin fills at most twice as fast as it would among
   * equally full bins.
   *
   * @param times the multiple of 1/n, 1 or more; from n on, nothing is limited
   * @param policy chooses among the bins that may take the object
   * @return a new policy
   * @throws InvalidValueException if {@code times} is less than 1
   */
  static BinPolicy rampedToMultiple(int times, BinPolicy policy) {
    if (times < 1) {
      throw new InvalidValueException(
          "ramp takes %d times an even share; use a whole number of 1 or more".formatted(times));
    }
    return new Ramped(
        (objects, openBins) -> objects * Math.min(times, openBins) / openBins,
        "at most %d/n of the new objects".formatted(times),
        policy);
  }
}
