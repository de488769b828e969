package dev.sharder.metrics;

import dev.sharder.BinLoad;
import dev.sharder.ClosedException;
import dev.sharder.ConflictException;
import dev.sharder.InvalidValueException;
import dev.sharder.NoOpenBinException;
import dev.sharder.NotFoundException;
import dev.sharder.Placement;
import dev.sharder.PolicyException;
import dev.sharder.RefusedException;
import dev.sharder.SharderException;
import dev.sharder.SharderListener;
import dev.sharder.StoreException;
import dev.sharder.TimeLimitException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * Counts and times what sharders do, in a Micrometer registry: {@code
 * Sharder.builder(…).listener(SharderMetrics.in(registry))}. Thread-safe; any number of sharders
 * may share one instance.
 *
 * <table>
 * <caption>The meters; all have the tag {@code kind}</caption>
 * <tr><th>name</th><th>type</th><th>what it measures</th></tr>
 * <tr><td>{@code sharder.assignments}</td><td>counter</td><td>answers by {@code bin} and {@code
 *     result}: {@code memory}, {@code found} or {@code new}; those from memory are the cache's
 *     hits</td></tr>
 * <tr><td>{@code sharder.assign}</td><td>timer</td><td>how long callers that assign single
 *     objects waited if they were not answered from memory, and how long all refused callers waited,
 *     by {@code result}: {@code found}, {@code new} or {@code refused}</td></tr>
 * <tr><td>{@code sharder.refusals}</td><td>counter</td><td>errors by {@code error}, such as {@code
 *     no-open-bin} or {@code time-limit}; each begins with 0</td></tr>
 * <tr><td>{@code sharder.round}</td><td>timer</td><td>how long the store took for a round, by
 *     {@code step}: {@code find} or {@code place}</td></tr>
 * <tr><td>{@code sharder.round.objects}</td><td>summary</td><td>the number of objects in a round, by
 *     {@code step}</td></tr>
 * <tr><td>{@code sharder.bins}</td><td>gauge</td><td>the number of bins</td></tr>
 * <tr><td>{@code sharder.bin.load}, {@code .offset}, {@code .weight}, {@code .capacity}, {@code
 *     .open}</td><td>gauges</td><td>the values of each {@code bin}: its load is what is assigned,
 *     without the offset; a capacity only if the bin has one; open is 1 or 0</td></tr>
 * </table>
 *
 * <p>Calls of {@link dev.sharder.Sharder#find find} count only in the meters of rounds.
 *
 * <p>Reading the gauges reads the store at most every 5 s, and waits for it at most 1 s. The gauges
 * of a kind are read by any of its sharders that is open, and removed with the last. They are NaN
 * while the store is unreachable. Of several instances that share a registry, only the first has
 * gauges of a kind.
 */
public final class SharderMetrics implements SharderListener {

  /** The sealed family, listed because {@code native-image} does not keep it by default. */
  private static final List<Class<? extends SharderException>> ERRORS =
      List.of(
          ClosedException.class,
          ConflictException.class,
          InvalidValueException.class,
          NoOpenBinException.class,
          NotFoundException.class,
          PolicyException.class,
          RefusedException.class,
          StoreException.class,
          TimeLimitException.class);

  private final MeterRegistry registry;

  // Cached here, because looking up a meter in a registry creates its name and tags each time.
  private final Map<Answers, Counter> answers = new ConcurrentHashMap<>();
  private final Map<Waits, Timer> waits = new ConcurrentHashMap<>();

  private final Map<String, BinGauges> gauges = new ConcurrentHashMap<>();

  private SharderMetrics(MeterRegistry registry) {
    this.registry = registry;
  }

  /** The tags of a counter of answers. */
  private record Answers(String kind, String bin, String result) {}

  /** The tags of a timer of callers. */
  private record Waits(String kind, String result) {}

  /**
   * Returns a listener that registers its meters in the given registry.
   *
   * @param registry the registry
   * @return a new listener for any number of sharders
   */
  // A program that has a registry requires its module.
  @SuppressWarnings("exports")
  public static SharderMetrics in(MeterRegistry registry) {
    return new SharderMetrics(registry);
  }

  @Override
  public void opened(String kind, Supplier<List<BinLoad>> bins) {
    gauges.compute(
        kind,
        (same, known) -> {
          BinGauges ofKind = known == null ? new BinGauges(registry, kind) : known;
          ofKind.add(bins);
          return ofKind;
        });
    // From zero on, because Prometheus sees no increase in a series that begins with 1.
    ERRORS.forEach(error -> refusals(kind, error));
  }

  @Override
  public void closed(String kind, Supplier<List<BinLoad>> bins) {
    gauges.computeIfPresent(kind, (same, known) -> known.remove(bins) ? known : null);
  }

  @Override
  public void answeredFromMemory(Placement placement) {
    count(placement, "memory");
  }

  @Override
  public void answered(Placement placement, Duration took) {
    count(placement, result(placement));
    time(kind(placement), result(placement), took);
  }

  @Override
  public void answeredMany(Collection<Placement> placements, Duration took) {
    placements.forEach(placement -> count(placement, result(placement)));
  }

  @Override
  public void refused(String kind, SharderException error, Duration took) {
    refusals(kind, error.getClass()).increment();
    time(kind, "refused", took);
  }

  @Override
  public void finishedRound(String kind, Step step, int objects, Duration took) {
    Tags tags = Tags.of("kind", kind, "step", step.name().toLowerCase(Locale.ROOT));
    Timer.builder("sharder.round").tags(tags).register(registry).record(took);
    DistributionSummary.builder("sharder.round.objects")
        .tags(tags)
        .register(registry)
        .record(objects);
  }

  private void count(Placement placement, String result) {
    answers
        .computeIfAbsent(new Answers(kind(placement), placement.bin(), result), this::counter)
        .increment();
  }

  private void time(String kind, String result, Duration took) {
    waits.computeIfAbsent(new Waits(kind, result), this::timer).record(took);
  }

  private Counter refusals(String kind, Class<?> error) {
    return registry.counter("sharder.refusals", "kind", kind, "error", word(error));
  }

  private Timer timer(Waits of) {
    return registry.timer("sharder.assign", "kind", of.kind(), "result", of.result());
  }

  private Counter counter(Answers of) {
    return registry.counter(
        "sharder.assignments", "kind", of.kind(), "bin", of.bin(), "result", of.result());
  }

  private static String kind(Placement placement) {
    return placement.assignment().kind();
  }

  private static String result(Placement placement) {
    return placement.isNew() ? "new" : "found";
  }

  /** Returns the tag value of an error, such as {@code no-open-bin} for NoOpenBinException. */
  private static String word(Class<?> error) {
    return error
        .getSimpleName()
        .replaceFirst("Exception$", "")
        .replaceAll("(?<=[a-z])(?=[A-Z])", "-")
        .toLowerCase(Locale.ROOT);
  }
}
