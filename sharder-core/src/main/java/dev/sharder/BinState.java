package dev.sharder;

import java.util.Locale;

/** The life cycle of a bin. Only an open bin takes new objects. */
public enum BinState {
  /** Takes new objects until it is full. */
  OPEN,
  /** Takes no new objects; keeps those it holds. */
  CORDONED,
  /** Takes no new objects; is being emptied. */
  DRAINING,
  /** Empty and out of use; kept for the history. */
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
   * Returns the state with the given word.
   *
   * @param word a word that {@link #word} returns
   * @return the state
   * @throws InvalidValueException if no state has this word
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
