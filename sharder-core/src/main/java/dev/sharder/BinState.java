package dev.sharder;

import java.util.Locale;

/** Where a bin stands in its life. Only an open bin gets new objects. */
public enum BinState {
  /** Takes new objects until it is full. */
  OPEN,
  /** Takes nobody new; keeps what it holds. */
  CORDONED,
  /** Takes nobody new; is being emptied. */
  DRAINING,
  /** Empty for good, and kept for history. */
  RETIRED;

  /**
   * Returns the word for this state in SQL, messages and files: the constant in lower case.
   *
   * @return {@code open}, {@code cordoned}, {@code draining} or {@code retired}
   */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * Returns the state of that word.
   *
   * @param word a word that {@link #word} returns
   * @return the state
   * @throws InvalidValueException if there is no such state
   */
  public static BinState of(String word) {
    for (BinState state : values()) {
      if (state.word().equals(word)) {
        return state;
      }
    }
    throw new InvalidValueException(
        "bin state '%s' is unknown; use open, cordoned, draining or retired".formatted(word));
  }
}
