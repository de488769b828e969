package dev.sharder.admin;

/** What a refused adoption means for the others. */
public enum AdoptMode {
  /** Each is adopted or refused on its own. */
  EACH,
  /** If any is refused, none is adopted. */
  ALL_OR_NOTHING
}
