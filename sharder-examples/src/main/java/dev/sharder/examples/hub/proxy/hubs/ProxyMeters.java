package dev.sharder.examples.hub.proxy.hubs;

import dev.sharder.examples.hub.proxy.ProxyListener;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Counts what passes through the proxy.
 *
 * <table>
 * <caption>The meters</caption>
 * <tr><th>name</th><th>type</th><th>what it measures</th></tr>
 * <tr><td>{@code sharder.proxy}</td><td>timer</td><td>answers to users, by {@code status}</td></tr>
 * <tr><td>{@code sharder.hub.up}</td><td>gauge</td><td>1 if the hub of the {@code bin} is up,
 *     otherwise 0</td></tr>
 * <tr><td>{@code sharder.hub.requests}</td><td>counter</td><td>answers of the hub, by {@code
 *     status}</td></tr>
 * <tr><td>{@code sharder.hub.failures}</td><td>counter</td><td>requests that the hub did not
 *     answer</td></tr>
 * <tr><td>{@code sharder.hub.websockets}</td><td>gauge</td><td>open websockets</td></tr>
 * </table>
 */
final class ProxyMeters implements ProxyListener {

  private final MeterRegistry registry;

  /** Looking up a meter in a registry creates its name and tags each time. */
  private final Map<Integer, Timer> answers = new ConcurrentHashMap<>();

  private final Map<String, HubTraffic> hubs = new ConcurrentHashMap<>();

  private final Predicate<String> isUp;

  /**
   * Starts to count.
   *
   * @param isUp returns whether the hub of a bin is up
   */
  ProxyMeters(MeterRegistry registry, Predicate<String> isUp) {
    this.registry = registry;
    this.isUp = isUp;
  }

  @Override
  public void answered(int status, long nanos) {
    answers.computeIfAbsent(status, this::timer).record(nanos, TimeUnit.NANOSECONDS);
  }

  private Timer timer(int status) {
    return registry.timer("sharder.proxy", "status", String.valueOf(status));
  }

  /** Returns the counts of a hub; those of an earlier hub of the same bin go on. */
  HubTraffic of(String bin) {
    return hubs.computeIfAbsent(bin, this::traffic);
  }

  private HubTraffic traffic(String bin) {
    HubTraffic traffic =
        new HubTraffic(
            status ->
                registry.counter(
                    "sharder.hub.requests", "bin", bin, "status", String.valueOf(status)),
            registry.counter("sharder.hub.failures", "bin", bin));
    gauge("sharder.hub.websockets", bin, traffic::webSockets);
    gauge("sharder.hub.up", bin, () -> isUp.test(bin) ? 1 : 0);
    return traffic;
  }

  private void gauge(String name, String bin, Supplier<Number> value) {
    Gauge.builder(name, value).tag("bin", bin).strongReference(true).register(registry);
  }
}
