package dev.sharder.examples.hub.cli;

import dev.sharder.admin.Note;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Who changes something, and why: what the history will tell. */
final class ChangeNoteOptions {

  @Option(
      names = "--actor",
      paramLabel = "NAME",
      description = "who does it, for the history (default: the user of this computer)")
  private @Nullable String actor;

  @Option(names = "--reason", paramLabel = "TEXT", description = "why, for the history")
  private @Nullable String reason;

  Note note(String otherwise) {
    return new Note(
        Objects.requireNonNullElse(actor, System.getProperty("user.name", "somebody")),
        Objects.requireNonNullElse(reason, otherwise));
  }
}
