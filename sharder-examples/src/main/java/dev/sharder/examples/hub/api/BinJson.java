package dev.sharder.examples.hub.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.sharder.BinLoad;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A bin in the API.
 *
 * @param load assigned + offset
 * @param share its percentage of the load of all bins of the kind, to a tenth
 * @param refusal why it takes no new objects; null if it does
 * @param up whether the proxy reaches it; left out where no proxy looks
 */
record BinJson(
    String bin,
    int weight,
    long offset,
    @Nullable Long capacity,
    String state,
    Map<String, String> labels,
    long assigned,
    long load,
    double share,
    @Nullable String refusal,
    @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Boolean up) {

  /** Returns a bin of a kind whose bins have this load together. */
  static BinJson of(BinLoad load, long whole, Optional<Boolean> up) {
    return new BinJson(
        load.name(),
        load.bin().weight(),
        load.bin().offset(),
        load.bin().capacity().isPresent() ? load.bin().capacity().getAsLong() : null,
        load.bin().state().word(),
        new TreeMap<>(load.bin().labels()),
        load.assigned(),
        load.load(),
        whole == 0 ? 0 : Math.round(1_000.0 * load.load() / whole) / 10.0,
        load.refusal().orElse(null),
        up.orElse(null));
  }
}
