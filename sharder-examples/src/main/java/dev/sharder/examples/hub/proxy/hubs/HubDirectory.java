package dev.sharder.examples.hub.proxy.hubs;

import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinState;
import dev.sharder.InvalidValueException;
import dev.sharder.examples.hub.http.RepeatedTask;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The hubs by the names of their bins, in memory, and in step with the database. A bin without a
 * usable address is left out, and the log says so. Thread-safe.
 */
final class HubDirectory implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(HubDirectory.class);

  private static final Duration INTERVAL = Duration.ofSeconds(1);

  /**
   * The bins at one moment.
   *
   * @param hubs those with an address
   * @param leftOut what is wrong with each of the others
   */
  private record KnownHubs(Map<String, Hub> hubs, Map<String, String> leftOut) {}

  private final Supplier<List<BinLoad>> bins;
  private final Consumer<Hub> onNew;
  private volatile KnownHubs known = new KnownHubs(Map.of(), Map.of());
  private final RepeatedTask refreshing =
      new RepeatedTask(
          "sharder-hubs",
          this::refresh,
          failure -> log.warn("the addresses of hubs are not updated: {}", failure.getMessage()));

  /**
   * Creates an empty directory.
   *
   * @param bins reads the bins; may block
   * @param onNew called with each hub before it is in the directory
   */
  HubDirectory(Supplier<List<BinLoad>> bins, Consumer<Hub> onNew) {
    this.bins = bins;
    this.onNew = onNew;
  }

  /** Reads the bins now, and then again every second. */
  void start() {
    refresh();
    refreshing.every(INTERVAL);
  }

  /** Reads the bins. */
  void refresh() {
    KnownHubs before = known;
    Map<String, Hub> hubs = new HashMap<>();
    Map<String, String> leftOut = new TreeMap<>();
    for (BinLoad load : bins.get()) {
      if (load.bin().state() != BinState.RETIRED) {
        try {
          hubs.put(load.name(), hub(load.bin(), before.hubs().get(load.name())));
        } catch (InvalidValueException noAddress) {
          leftOut.put(load.name(), String.valueOf(noAddress.getMessage()));
        }
      }
    }
    known = new KnownHubs(hubs, leftOut);
    leftOut.forEach(
        (bin, problem) -> {
          if (!problem.equals(before.leftOut().get(bin))) {
            log.error("left out: bin '{}' {}", bin, problem);
          }
        });
  }

  private Hub hub(Bin bin, @Nullable Hub before) {
    Hub now = new Hub(bin.name(), Hub.target(bin));
    if (before != null && before.target().equals(now.target())) {
      return before;
    }
    onNew.accept(now);
    return now;
  }

  /** Reads the bins soon; never blocks. */
  void refreshSoon() {
    refreshing.soon();
  }

  /** Returns the hub of a bin; empty if there is none with an address. */
  Optional<Hub> find(String bin) {
    return Optional.ofNullable(known.hubs().get(bin));
  }

  /** Returns what is wrong with a bin that was left out; empty for any other. */
  Optional<String> problem(String bin) {
    return Optional.ofNullable(known.leftOut().get(bin));
  }

  Collection<Hub> all() {
    return known.hubs().values();
  }

  @Override
  public void close() {
    refreshing.close();
  }
}
