package dev.sharder.metrics;

import dev.sharder.BinLoad;
import dev.sharder.BinState;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** The bins of a sharder as gauges. They share one read of the store, and cache it. */
final class BinGauges {

  /** How long one read of the store serves the gauges. */
  private static final Duration MAX_AGE = Duration.ofSeconds(5);

  private static final Duration TIME_LIMIT = Duration.ofSeconds(1);

  private static final Executor READERS =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "sharder-gauges");
            thread.setDaemon(true);
            return thread;
          });

  private final MeterRegistry registry;
  private final String kind;
  private final Supplier<List<BinLoad>> store;

  // All fields below are guarded by the monitor.
  private final Map<String, BinLoad> bins = new HashMap<>();

  /** The property and bin of each gauge that is registered. */
  private final Set<List<String>> registered = new HashSet<>();

  private @Nullable CompletableFuture<List<BinLoad>> answer;
  private boolean isKnown;
  private long lastRead = System.nanoTime() - MAX_AGE.toNanos();

  private BinGauges(MeterRegistry registry, String kind, Supplier<List<BinLoad>> store) {
    this.registry = registry;
    this.kind = kind;
    this.store = store;
  }

  /** Replaces the gauges of the kind, because those of a sharder that was closed stay NaN. */
  static void register(MeterRegistry registry, String kind, Supplier<List<BinLoad>> store) {
    registry.getMeters().stream()
        .map(Meter::getId)
        .filter(id -> id.getType() == Meter.Type.GAUGE && kind.equals(id.getTag("kind")))
        .filter(id -> id.getName().startsWith("sharder.bin"))
        .forEach(registry::remove);
    BinGauges gauges = new BinGauges(registry, kind, store);
    Gauge.builder("sharder.bins", gauges, BinGauges::count)
        .tag("kind", kind)
        // By default a registry holds its gauges weakly.
        .strongReference(true)
        .register(registry);
    gauges.refresh();
  }

  private synchronized double count() {
    refresh();
    return isKnown ? bins.size() : Double.NaN;
  }

  private synchronized double read(String bin, ToDoubleFunction<BinLoad> value) {
    refresh();
    BinLoad load = bins.get(bin);
    return isKnown && load != null ? value.applyAsDouble(load) : Double.NaN;
  }

  /** Reads the store if the last read is too old. An unreachable store delays all gauges once. */
  private synchronized void refresh() {
    if (System.nanoTime() - lastRead < MAX_AGE.toNanos()) {
      return;
    }
    if (answer == null) {
      answer = CompletableFuture.supplyAsync(store, READERS);
    }
    try {
      List<BinLoad> now = answer.get(TIME_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
      answer = null;
      bins.clear();
      now.forEach(bin -> bins.put(bin.name(), bin));
      isKnown = true;
      now.forEach(this::add);
    } catch (TimeoutException late) {
      isKnown = false;
    } catch (ExecutionException failure) {
      answer = null;
      isKnown = false;
    } catch (InterruptedException interruption) {
      Thread.currentThread().interrupt();
    }
    lastRead = System.nanoTime();
  }

  private void add(BinLoad bin) {
    add("load", bin, BinLoad::assigned);
    add("offset", bin, load -> load.bin().offset());
    add("weight", bin, load -> load.bin().weight());
    add("open", bin, load -> load.bin().state() == BinState.OPEN ? 1 : 0);
    if (bin.bin().capacity().isPresent()) {
      add("capacity", bin, BinGauges::capacity);
    }
  }

  private static double capacity(BinLoad load) {
    OptionalLong capacity = load.bin().capacity();
    return capacity.isPresent() ? capacity.getAsLong() : Double.NaN;
  }

  private void add(String what, BinLoad bin, ToDoubleFunction<BinLoad> value) {
    String name = bin.name();
    if (registered.add(List.of(what, name))) {
      Gauge.builder("sharder.bin." + what, this, gauges -> gauges.read(name, value))
          .tag("kind", kind)
          .tag("bin", name)
          .strongReference(true)
          .register(registry);
    }
  }
}
