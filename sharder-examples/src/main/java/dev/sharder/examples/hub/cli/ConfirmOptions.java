package dev.sharder.examples.hub.cli;

import picocli.CommandLine.Option;

/** Whether to do what changes more than one thing. */
final class ConfirmOptions {

  @Option(names = "--dry-run", description = "tell what would be done, and do nothing")
  private boolean dryRun;

  @Option(names = "--yes", description = "do it without asking")
  private boolean yes;

  boolean isDryRun() {
    return dryRun;
  }

  /** Asks, unless that was answered before. */
  boolean isGiven(String question) {
    return !dryRun && (yes || Terminal.agrees(question));
  }
}
