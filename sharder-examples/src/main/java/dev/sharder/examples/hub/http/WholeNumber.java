package dev.sharder.examples.hub.http;

import java.util.OptionalLong;
import java.util.regex.Pattern;

/** Parses whole numbers, which consist of ASCII digits only. */
public final class WholeNumber {

  private static final Pattern DIGITS = Pattern.compile("[0-9]{1,18}");

  private WholeNumber() {}

  /**
   * Returns the number, which is below 10<sup>18</sup>; empty for any other text, such as {@code
   * +5}, {@code 1e3}, {@code 1.0} or digits of another script.
   */
  public static OptionalLong of(String text) {
    return DIGITS.matcher(text).matches()
        ? OptionalLong.of(Long.parseLong(text))
        : OptionalLong.empty();
  }
}
