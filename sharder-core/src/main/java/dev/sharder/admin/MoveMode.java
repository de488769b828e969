package dev.sharder.admin;

/** Whether a move checks the state and the capacity of its target bin. */
public enum MoveMode {
  /** The target bin must be open and have room. */
  CHECKED,
  /** The target bin may be full, cordoned or draining, but not retired. */
  FORCED
}
