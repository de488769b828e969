package dev.sharder.examples.hub.cli;

import dev.sharder.admin.PlanOptions;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of commands that plan: the most moves, and saving the plan. */
final class PlanLimitOptions {

  @Option(names = "--at-most", paramLabel = "N", description = "the most moves")
  private @Nullable Long atMost;

  @Option(
      names = "--save",
      paramLabel = "FILE",
      description = "write the moves to this file for 'apply', and move nothing")
  private @Nullable Path save;

  @Nullable Path save() {
    return save;
  }

  PlanOptions among(@Nullable List<String> only, double threshold) {
    return new PlanOptions(
        atMost == null ? OptionalLong.empty() : OptionalLong.of(atMost),
        only == null ? Set.of() : Set.copyOf(only),
        threshold);
  }
}
