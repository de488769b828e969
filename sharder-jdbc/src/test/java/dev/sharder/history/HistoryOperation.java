package dev.sharder.history;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.sharder.BinState;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** A call of the library that a worker makes. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "do")
@JsonSubTypes({
  @JsonSubTypes.Type(value = HistoryOperation.AssignOne.class, name = "assign"),
  @JsonSubTypes.Type(value = HistoryOperation.FindOne.class, name = "find"),
  @JsonSubTypes.Type(value = HistoryOperation.AssignRoster.class, name = "roster"),
  @JsonSubTypes.Type(value = HistoryOperation.MoveTo.class, name = "move"),
  @JsonSubTypes.Type(value = HistoryOperation.TakeAway.class, name = "remove"),
  @JsonSubTypes.Type(value = HistoryOperation.AddBin.class, name = "add-bin"),
  @JsonSubTypes.Type(value = HistoryOperation.ChangeBin.class, name = "change-bin"),
  @JsonSubTypes.Type(value = HistoryOperation.ListBins.class, name = "bins")
})
sealed interface HistoryOperation {

  /** {@code Sharder.assign}. */
  record AssignOne(String object, long size) implements HistoryOperation {
    @Override
    public String toString() {
      return "assign %s%s".formatted(object, size == 1 ? "" : " of size " + size);
    }
  }

  /** {@code Sharder.find}. */
  record FindOne(String object) implements HistoryOperation {
    @Override
    public String toString() {
      return "find " + object;
    }
  }

  /** {@code Sharder.assignRoster} of distinct names, few enough for one chunk. */
  record AssignRoster(List<String> objects) implements HistoryOperation {
    @Override
    public String toString() {
      return "assign the roster " + objects;
    }
  }

  /** {@code ShardAdmin.move}. */
  record MoveTo(
      String object, @Nullable String from, String to, @Nullable Long version, boolean force)
      implements HistoryOperation {

    OptionalLong expected() {
      return version == null ? OptionalLong.empty() : OptionalLong.of(version);
    }

    @Override
    public String toString() {
      return "move %s to %s%s%s%s"
          .formatted(
              object,
              to,
              from == null ? "" : " from " + from,
              version == null ? "" : " if version " + version,
              force ? " by force" : "");
    }
  }

  /** {@code ShardAdmin.remove}. */
  record TakeAway(String object, @Nullable Long version) implements HistoryOperation {

    OptionalLong expected() {
      return version == null ? OptionalLong.empty() : OptionalLong.of(version);
    }

    @Override
    public String toString() {
      return "remove %s%s".formatted(object, version == null ? "" : " if version " + version);
    }
  }

  /** {@code ShardAdmin.addBin}. */
  record AddBin(ObservedBin bin) implements HistoryOperation {
    @Override
    public String toString() {
      return "add bin " + bin;
    }
  }

  /** {@code ShardAdmin.changeBin}; null leaves a value unchanged. */
  record ChangeBin(
      String bin,
      @Nullable BinState state,
      @Nullable Integer weight,
      @Nullable Long offset,
      @Nullable Long capacity)
      implements HistoryOperation {

    ObservedBin applied(ObservedBin before) {
      return new ObservedBin(
          before.name(),
          weight == null ? before.weight() : weight,
          offset == null ? before.offset() : offset,
          capacity == null ? before.capacity() : capacity,
          state == null ? before.state() : state,
          before.assigned());
    }

    @Override
    public String toString() {
      return "change bin %s:%s%s%s%s"
          .formatted(
              bin,
              state == null ? "" : " becomes " + state.word(),
              weight == null ? "" : " weight " + weight,
              offset == null ? "" : " offset " + offset,
              capacity == null ? "" : " capacity " + capacity);
    }
  }

  /** {@code Sharder.bins}. */
  record ListBins() implements HistoryOperation {
    @Override
    public String toString() {
      return "list the bins";
    }
  }
}
