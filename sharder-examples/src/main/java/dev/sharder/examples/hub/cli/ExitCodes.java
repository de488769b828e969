package dev.sharder.examples.hub.cli;

/** The program's exit codes; {@code --help} lists them. */
final class ExitCodes {

  static final int DONE = 0;

  /** The database, the network, a file or a policy failed. */
  static final int FAILED = 1;

  /** An option, a value or the configuration is wrong. */
  static final int USAGE = 2;

  /** There is no such object or bin. */
  static final int NOT_FOUND = 3;

  /** Something was refused, skipped or found wrong; the rest is done. */
  static final int REFUSED = 4;

  /** The reader of the output exited (SIGPIPE). */
  static final int OUTPUT_CLOSED = 128 + 13;

  private ExitCodes() {}
}
