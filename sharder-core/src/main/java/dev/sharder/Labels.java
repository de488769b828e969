package dev.sharder;

import java.util.HashMap;
import java.util.Map;

/** Checks the labels of bins and the attributes of requests, which policies compare. */
final class Labels {

  private static final int MOST = 100;
  private static final int LONGEST_VALUE = 1_000;

  private Labels() {}

  /**
   * Returns a copy if every key and value is valid.
   *
   * @param owner the role of what has them, such as {@code bin}
   * @param name its name
   * @param what what each is, such as {@code attribute}
   */
  static Map<String, String> check(
      String owner, String name, String what, Map<String, String> labels) {
    // Most bins and requests have none, and many are created.
    if (labels.isEmpty()) {
      return Map.of();
    }
    if (labels.size() > MOST) {
      throw new InvalidValueException(
          "%s '%s' has %d %ss; keep %d at most".formatted(owner, name, labels.size(), what, MOST));
    }
    Map<String, String> copy = new HashMap<>(labels);
    copy.forEach((key, value) -> check(owner, name, what, key, value));
    return Map.copyOf(copy);
  }

  private static void check(String owner, String name, String what, String key, String value) {
    Names.check(what, key);
    if (value == null) {
      throw new InvalidValueException(
          "%s '%s' has no value for %s '%s'; give it one or leave it out"
              .formatted(owner, name, what, key));
    }
    Names.checkText(what + " value", value);
    int length = value.codePointCount(0, value.length());
    if (length > LONGEST_VALUE) {
      throw new InvalidValueException(
          "%s '%s' has a value of %d characters for %s '%s'; use %d at most"
              .formatted(owner, name, length, what, key, LONGEST_VALUE));
    }
  }
}
