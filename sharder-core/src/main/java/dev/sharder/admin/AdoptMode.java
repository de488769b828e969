package dev.sharder.admin;

/** How a refused adoption affects the others of the same call. */
public enum AdoptMode {
  /** Each adoption succeeds or is refused independently of the others. */
  EACH,
  /** If any adoption is refused, nothing is written. */
  ALL_OR_NOTHING
}
