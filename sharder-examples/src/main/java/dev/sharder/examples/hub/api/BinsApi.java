package dev.sharder.examples.hub.api;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinState;
import dev.sharder.RefusedException;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.examples.hub.http.ProblemException;
import io.undertow.util.StatusCodes;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Lists the kinds and their bins, adds bins and changes them. */
final class BinsApi {

  private final SharderRegistry kinds;

  BinsApi(SharderRegistry kinds) {
    this.kinds = kinds;
  }

  record KindNames(List<String> kinds, List<String> lowercase) {}

  record BinList(List<BinJson> bins) {}

  /** The settings of a bin; a capacity of null removes the limit. */
  record BinShape(
      @Nullable Integer weight,
      @Nullable Long offset,
      @Nullable JsonNode capacity,
      @Nullable String state,
      @Nullable Map<String, @Nullable String> labels,
      @Nullable String reason) {

    private static final BinShape PLAIN = new BinShape(null, null, null, null, null, null);

    /** Returns a bin with these settings and defaults; the state is kept unless given. */
    Bin whole(String name, BinState before) {
      return new Bin(
          name,
          Objects.requireNonNullElse(weight, 1),
          Objects.requireNonNullElse(offset, 0L),
          limit(OptionalLong.empty()),
          state(before),
          merged(Map.of()));
    }

    /** Returns the bin with the given settings, and the rest unchanged (RFC 7396). */
    Bin applied(Bin bin) {
      return new Bin(
          bin.name(),
          Objects.requireNonNullElse(weight, bin.weight()),
          Objects.requireNonNullElse(offset, bin.offset()),
          limit(bin.capacity()),
          state(bin.state()),
          merged(bin.labels()));
    }

    private BinState state(BinState before) {
      return state == null ? before : BinState.of(state);
    }

    private OptionalLong limit(OptionalLong before) {
      if (capacity == null) {
        return before;
      }
      if (capacity.isNull()) {
        return OptionalLong.empty();
      }
      if (!capacity.isIntegralNumber() || !capacity.canConvertToLong()) {
        throw JsonBody.malformed("'capacity' is neither a whole number in range nor null");
      }
      return OptionalLong.of(capacity.longValue());
    }

    private Map<String, String> merged(Map<String, String> before) {
      Map<String, String> merged = new HashMap<>(before);
      if (labels != null) {
        labels.forEach(
            (label, value) -> {
              if (value == null) {
                merged.remove(label);
              } else {
                merged.put(label, value);
              }
            });
      }
      return merged;
    }
  }

  ApiResponse kinds(ApiRequest call) {
    return ApiResponse.ok(new KindNames(kinds.names(), kinds.lowercase()));
  }

  ApiResponse list(ApiRequest call) {
    List<BinLoad> all = kinds.admin(call.kind()).bins();
    long whole = load(all);
    return ApiResponse.ok(
        new BinList(all.stream().map(bin -> shown(call.kind(), bin, whole)).toList()));
  }

  ApiResponse get(ApiRequest call) {
    return ApiResponse.ok(current(kinds.admin(call.kind()), call.bin()));
  }

  /** Adds the bin, or replaces the settings of an existing one unless it must be new. */
  ApiResponse put(ApiRequest call) {
    BinShape shape = call.body(BinShape.class, BinShape.PLAIN);
    Bin added = shape.whole(call.bin(), BinState.OPEN);
    ShardAdmin admin = kinds.newAdmin(call.kind());
    Note note = call.note(shape.reason());
    UnaryOperator<Bin> change =
        known -> reachable(call, known, shape.whole(known.name(), known.state()));
    if (admin.bins().stream().map(BinLoad::name).noneMatch(call.bin()::equals)) {
      kinds.checkBin(call.kind(), call.bin());
      try {
        admin.addBin(added, note);
        return ApiResponse.of(StatusCodes.CREATED, current(admin, call.bin()));
      } catch (RefusedException addedMeanwhile) {
        // Bins are never deleted, so it exists and can be changed now.
      }
    }
    if (call.isOnlyNew()) {
      throw new ProblemException(
          StatusCodes.PRECONDITION_FAILED,
          "the bin '%s' exists already; change it instead, or choose another name"
              .formatted(call.bin()));
    }
    admin.changeBin(call.bin(), change, note);
    return ApiResponse.ok(current(admin, call.bin()));
  }

  ApiResponse patch(ApiRequest call) {
    BinShape shape = call.body(BinShape.class);
    ShardAdmin admin = kinds.admin(call.kind());
    admin.changeBin(
        call.bin(),
        known -> reachable(call, known, shape.applied(known)),
        call.note(shape.reason()));
    return ApiResponse.ok(current(admin, call.bin()));
  }

  /** Refuses to open a hub to which no user could be sent; it may hold users nevertheless. */
  private Bin reachable(ApiRequest call, Bin known, Bin changed) {
    if (changed.state() == BinState.OPEN && known.state() != BinState.OPEN) {
      kinds.checkBin(call.kind(), changed.name());
    }
    return changed;
  }

  private BinJson current(ShardAdmin admin, String name) {
    BinLoad bin = admin.bin(name);
    return shown(admin.kind(), bin, load(admin.bins()));
  }

  private static long load(List<BinLoad> bins) {
    return bins.stream().mapToLong(BinLoad::load).sum();
  }

  private BinJson shown(String kind, BinLoad bin, long whole) {
    return BinJson.of(bin, whole, kinds.isUp(kind, bin.name()));
  }
}
