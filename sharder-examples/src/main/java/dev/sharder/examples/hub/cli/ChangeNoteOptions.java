package dev.sharder.examples.hub.cli;

import dev.sharder.admin.Note;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options for the history: who makes a change, and why. */
final class ChangeNoteOptions {

  @Option(
      names = "--actor",
      paramLabel = "NAME",
      description = "who makes the change, for the history (default: the operating system's user)")
  private @Nullable String actor;

  @Option(names = "--reason", paramLabel = "TEXT", description = "the reason, for the history")
  private @Nullable String reason;

  Note note(String otherwise) {
    return new Note(
        Objects.requireNonNullElse(actor, System.getProperty("user.name", "unknown")),
        Objects.requireNonNullElse(reason, otherwise));
  }
}
