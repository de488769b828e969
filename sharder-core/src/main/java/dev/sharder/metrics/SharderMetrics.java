package dev.sharder.metrics;

import dev.sharder.BinLoad;
import dev.sharder.Placement;
import dev.sharder.SharderException;
import dev.sharder.SharderListener;
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
 * Sharder.builder(…).listener(SharderMetrics.in(registry))}. One instance serves any number of
 * sharders, and is thread-safe.
 *
 * <table>
 * <caption>The meters; all have the tag {@code kind}</caption>
 * <tr><th>name</th><th>type</th><th>tells</th></tr>
 * <tr><td>{@code sharder.assignments}</td><td>counter</td><td>answers by {@code bin} and {@code
 *     result}: {@code memory}, {@code found} or {@code new}; those from memory are the cache's
 *     hits</td></tr>
 * <tr><td>{@code sharder.assign}</td><td>timer</td><td>how long callers of one object
 *     waited who were not answered from memory, and whoever was refused, by {@code result}: {@code found}, {@code new} or {@code
 *     refused}</td></tr>
 * <tr><td>{@code sharder.refusals}</td><td>counter</td><td>errors by {@code error}, such as {@code
 *     no-open-bin} or {@code time-limit}</td></tr>
 * <tr><td>{@code sharder.round}</td><td>timer</td><td>how long the store worked for a group, by
 *     {@code step}: {@code find} or {@code place}</td></tr>
 * <tr><td>{@code sharder.round.objects}</td><td>summary</td><td>how many were in a group, by {@code
 *     step}</td></tr>
 * <tr><td>{@code sharder.bins}</td><td>gauge</td><td>how many bins there are</td></tr>
 * <tr><td>{@code sharder.bin.load}, {@code .offset}, {@code .weight}, {@code .capacity}, {@code
 *     .open}</td><td>gauges</td><td>of each {@code bin}; a capacity only where there is one, open
 *     is 1 or 0, and not a number while the store cannot be asked</td></tr>
 * </table>
 *
 * <p>The gauges ask the store when they are read, at most every 5 s, and wait for it 1 s at most.
 */
public final class SharderMetrics implements SharderListener {

  private final MeterRegistry registry;

  // Kept here, because a registry makes a name and its tags anew to look for a meter.
  private final Map<Answers, Counter> answers = new ConcurrentHashMap<>();
  private final Map<Waits, Timer> waits = new ConcurrentHashMap<>();

  private SharderMetrics(MeterRegistry registry) {
    this.registry = registry;
  }

  /** What a counter of answers is for. */
  private record Answers(String kind, String bin, String result) {}

  /** What a timer of those who waited is for. */
  private record Waits(String kind, String result) {}

  /**
   * Makes the listener.
   *
   * @param registry where the meters go
   * @return a listener for any number of sharders
   */
  public static SharderMetrics in(MeterRegistry registry) {
    return new SharderMetrics(registry);
  }

  @Override
  public void opened(String kind, Supplier<List<BinLoad>> bins) {
    BinGauges.register(registry, kind, bins);
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
    registry.counter("sharder.refusals", "kind", kind, "error", word(error)).increment();
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

  /** {@code NoOpenBinException} is {@code no-open-bin}. */
  private static String word(SharderException error) {
    return error
        .getClass()
        .getSimpleName()
        .replaceFirst("Exception$", "")
        .replaceAll("(?<=[a-z])(?=[A-Z])", "-")
        .toLowerCase(Locale.ROOT);
  }
}
