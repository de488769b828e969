package dev.sharder.jdbc;

/** How the database is reached. */
enum Reach {
  /** In this process or in a local file: a connection always responds. */
  LOCAL,
  /** Over a network: a connection may stop responding. */
  REMOTE,
  /** The same, and switching auto-commit waits for an answer. */
  REMOTE_AUTO_COMMIT
}
