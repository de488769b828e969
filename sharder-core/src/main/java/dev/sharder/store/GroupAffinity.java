package dev.sharder.store;

import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinPolicy;
import java.util.List;
import java.util.Optional;

/** Chooses only the bin that holds the other objects of the group. */
record GroupAffinity(String home) implements BinPolicy {

  @Override
  public BinLoad choose(AssignmentRequest request, List<BinLoad> open) {
    return open.get(0);
  }

  @Override
  public Optional<String> refusal(AssignmentRequest request, Bin bin) {
    return bin.name().equals(home)
        ? Optional.empty()
        : Optional.of(
            "is not '%s', which holds the group '%s'"
                .formatted(home, request.group().orElseThrow()));
  }

  @Override
  public String toString() {
    return "with its group";
  }
}
