package dev.sharder.examples.hub.cli;

import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The format of a file with assignments. */
enum FileFormat {
  CSV,
  JSONL;

  static FileFormat of(@Nullable FileFormat told, @Nullable Path file) {
    if (told != null) {
      return told;
    }
    String name = file == null ? "" : file.toString().toLowerCase(Locale.ROOT);
    return name.endsWith(".jsonl") || name.endsWith(".ndjson") ? JSONL : CSV;
  }
}
