package dev.sharder.examples.hub.cli;

import picocli.CommandLine.Option;

/** The options of commands that change more than one thing: confirmation and dry run. */
final class ConfirmOptions {

  @Option(names = "--dry-run", description = "report what would be done, and change nothing")
  private boolean dryRun;

  @Option(names = "--yes", description = "do it without asking")
  private boolean yes;

  boolean isDryRun() {
    return dryRun;
  }

  /** Asks the question, unless an option has answered it. */
  boolean isGiven(String question) {
    return !dryRun && (yes || Terminal.agrees(question));
  }

  /** Throws if the question would have to be asked, and there is no terminal. */
  void checkAnswerable(String question) {
    if (!dryRun && !yes) {
      Terminal.toAsk(question);
    }
  }
}
