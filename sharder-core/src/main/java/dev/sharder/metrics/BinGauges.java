package dev.sharder.metrics;

import dev.sharder.BinLoad;
import dev.sharder.BinState;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
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

  /** Those that are open; the first one is asked. */
  private final Queue<Supplier<List<BinLoad>>> sharders = new ConcurrentLinkedQueue<>();

  // All fields below are guarded by the monitor.
  private final Map<String, BinLoad> bins = new HashMap<>();

  /** The property and bin of each gauge that is registered. */
  private final Set<List<String>> registered = new HashSet<>();

  private final List<Gauge> gauges = new ArrayList<>();
  private @Nullable CompletableFuture<List<BinLoad>> answer;
  private boolean isKnown;
  private long lastRead = System.nanoTime() - MAX_AGE.toNanos();

  BinGauges(MeterRegistry registry, String kind) {
    this.registry = registry;
    this.kind = kind;
    register("sharder.bins", Tags.of("kind", kind), BinGauges::count);
  }

  /** Registers a gauge, unless someone else has. */
  private void register(String name, Tags tags, ToDoubleFunction<BinGauges> value) {
    if (registry.find(name).tags(tags).gauge() == null) {
      // By default a registry holds its gauges weakly.
      gauges.add(
          Gauge.builder(name, this, value).tags(tags).strongReference(true).register(registry));
    }
  }

  /** Adds a sharder whose bins these are. */
  synchronized void add(Supplier<List<BinLoad>> sharder) {
    sharders.add(sharder);
    if (!isKnown) {
      lastRead = System.nanoTime() - MAX_AGE.toNanos();
      refresh();
    }
  }

  /**
   * Removes a sharder that is closed, and with the last one the gauges. Returns whether any is
   * left.
   */
  synchronized boolean remove(Supplier<List<BinLoad>> sharder) {
    sharders.remove(sharder);
    if (sharders.isEmpty()) {
      gauges.forEach(registry::remove);
    }
    return !sharders.isEmpty();
  }

  private List<BinLoad> bins() {
    return sharders.element().get();
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
    if (answer == null || answer.isDone()) {
      // One that came too late for its scrape is too old for this one.
      answer = CompletableFuture.supplyAsync(this::bins, READERS);
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
      register(
          "sharder.bin." + what,
          Tags.of("kind", kind, "bin", name),
          gauges -> gauges.read(name, value));
    }
  }
}
