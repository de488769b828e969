package dev.sharder.examples.hub.cli;

import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The format of a file with assignments. */
enum FileFormat {
  CSV,
  JSONL;

  static FileFormat of(@Nullable FileFormat option, @Nullable Path file) {
    if (option != null) {
      return option;
    }
    String name = file == null ? "" : file.toString().toLowerCase(Locale.ROOT);
    return name.endsWith(".jsonl") || name.endsWith(".ndjson") ? JSONL : CSV;
  }
}
