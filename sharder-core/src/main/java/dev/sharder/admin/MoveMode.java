package dev.sharder.admin;

/** Whether a move respects the state and the capacity of its target. */
public enum MoveMode {
  /** The target must be open and have room. */
  CHECKED,
  /** The target may be full, cordoned or draining, but not retired. */
  FORCED
}
