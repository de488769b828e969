package dev.sharder;

import java.util.Comparator;
import java.util.function.IntPredicate;

/**
 * Checks and orders the names of kinds, objects, bins, groups, labels and actors. The {@linkplain
 * dev.sharder package documentation} states the rule for names. All methods are thread-safe.
 */
public final class Names {

  /** The length of the longest name, in Unicode code points. */
  public static final int LONGEST = 255;

  /**
   * Orders names by code point, as SQLite's {@code BINARY} and PostgreSQL's {@code "C"} collations
   * order UTF-8, so that every store breaks ties in the same way. {@link String#compareTo} orders
   * UTF-16 units instead, and would put an emoji before {@code U+FFFD}.
   */
  public static final Comparator<String> ORDER = Names::compare;

  /**
   * Fillers, joiners and selectors that are ignored by default but are not format characters, and
   * the blank Braille pattern.
   */
  private static final String IGNORED =
      "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2065\u2800\u3164\uffa0";

  private Names() {}

  /**
   * Returns the name if it is valid. New objects and bins must pass stricter checks: {@link
   * #checkVisible} and {@link #checkTrimmed}.
   *
   * @param what the role of the name in the error message, such as {@code bin}
   * @param name the name to check
   * @return {@code name}
   * @throws InvalidValueException if the name is null, blank, longer than {@value #LONGEST} code
   *     points, or contains a character that {@link #checkText} rejects
   */
  public static String check(String what, String name) {
    if (name == null) {
      throw new InvalidValueException(
          "%s name is null; pass a name of at least one visible character".formatted(what));
    }
    if (isPlain(name)) {
      return name;
    }
    if (name.isBlank()) {
      throw new InvalidValueException(
          "%s name '%s' is blank; give it at least one visible character"
              .formatted(what, visible(name)));
    }
    int length = name.codePointCount(0, name.length());
    if (length > LONGEST) {
      throw new InvalidValueException(
          "%s name '%s…' has %d characters; the longest name has %d"
              .formatted(
                  what,
                  visible(name.substring(0, name.offsetByCodePoints(0, 40))),
                  length,
                  LONGEST));
    }
    return checkText(what + " name", name);
  }

  /**
   * Returns the name if it is valid for a new object: it must have at least one visible character.
   * A {@link dev.sharder.admin.ShardAdmin} can still find, move and remove an object that has such
   * a name already.
   *
   * @param what the role of the name in the error message, such as {@code object}
   * @param name the name to check
   * @return {@code name}
   * @throws InvalidValueException if {@link #check} rejects the name, or it has no visible
   *     character
   */
  public static String checkVisible(String what, String name) {
    if (isPlain(check(what, name)) || name.codePoints().anyMatch(Names::isVisible)) {
      return name;
    }
    throw new InvalidValueException(
        "%s name '%s' has no visible character; give it at least one"
            .formatted(what, escaped(name)));
  }

  /**
   * Returns the name if it is valid for a new bin: because people type and compare these names,
   * they must not begin or end with white space, no-break spaces included. A bin that has such a
   * name already can still be changed and emptied.
   *
   * @param what the role of the name in the error message, such as {@code bin}
   * @param name the name to check
   * @return {@code name}
   * @throws InvalidValueException if {@link #checkVisible} rejects the name, or it begins or ends
   *     with white space
   */
  public static String checkTrimmed(String what, String name) {
    checkVisible(what, name);
    if (isSpace(name.codePointAt(0)) || isSpace(name.codePointBefore(name.length()))) {
      throw new InvalidValueException(
          "%s name '%s' begins or ends with white space; write '%s'"
              .formatted(what, name, trimmed(name)));
    }
    return name;
  }

  private static String trimmed(String name) {
    int start = 0;
    int end = name.length();
    while (start < end && isSpace(name.codePointAt(start))) {
      start += Character.charCount(name.codePointAt(start));
    }
    while (start < end && isSpace(name.codePointBefore(end))) {
      end -= Character.charCount(name.codePointBefore(end));
    }
    return name.substring(start, end);
  }

  /** White space as Unicode defines it, no-break spaces included. */
  private static boolean isSpace(int codePoint) {
    return Character.isSpaceChar(codePoint) || Character.isWhitespace(codePoint);
  }

  /** Whether a reader sees it: it is neither white space nor ignored by default (UAX 44). */
  private static boolean isVisible(int codePoint) {
    return !isSpace(codePoint)
        && Character.getType(codePoint) != Character.FORMAT
        && IGNORED.indexOf(codePoint) < 0
        && !(codePoint >= 0xfe00 && codePoint <= 0xfe0f)
        && !(codePoint >= 0xfff0 && codePoint <= 0xfff8)
        && !(codePoint >= 0xe0000 && codePoint <= 0xe0fff);
  }

  /** The fast path: most names are short and printable ASCII, and every call checks names. */
  private static boolean isPlain(String name) {
    boolean isBlank = true;
    for (int i = 0; i < name.length(); i++) {
      char unit = name.charAt(i);
      if (unit < ' ' || unit > '~') {
        return false;
      }
      isBlank &= unit == ' ';
    }
    return !isBlank && name.length() <= LONGEST;
  }

  /**
   * Returns the text if every store can keep it. It may be blank, and of any length.
   *
   * @param what the role of the text in the error message, such as {@code reason}
   * @param text the text to check
   * @return {@code text}
   * @throws InvalidValueException if the text contains a control character, a line or paragraph
   *     separator, a bidirectional override or half a surrogate pair
   */
  public static String checkText(String what, String text) {
    if (text.codePoints().anyMatch(Names::isUnwritable)) {
      throw new InvalidValueException(
          "%s '%s' has a control character, a line break, a bidirectional override or half a surrogate pair; remove it"
              .formatted(what, visible(text)));
    }
    return text;
  }

  private static boolean isUnwritable(int codePoint) {
    if ((codePoint >= 0x202a && codePoint <= 0x202e)
        || (codePoint >= 0x2066 && codePoint <= 0x2069)) {
      // Bidirectional overrides make a line look different from what it is.
      return true;
    }
    return switch (Character.getType(codePoint)) {
      case Character.CONTROL,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE ->
          true;
      default -> false;
    };
  }

  /** Escapes the characters that would break a line or a terminal. */
  static String visible(String text) {
    return text.codePoints().anyMatch(Names::isUnwritable)
        ? escaped(text, Names::isUnwritable)
        : text;
  }

  /** Escapes every character that is not printable ASCII. */
  private static String escaped(String name) {
    return escaped(name, codePoint -> codePoint < ' ' || codePoint > '~');
  }

  private static String escaped(String name, IntPredicate isEscaped) {
    StringBuilder shown = new StringBuilder(name.length());
    name.codePoints()
        .forEach(
            codePoint -> {
              if (isEscaped.test(codePoint)) {
                shown.append("\\u%04x".formatted(codePoint));
              } else {
                shown.appendCodePoint(codePoint);
              }
            });
    return shown.toString();
  }

  private static int compare(String one, String other) {
    int shorter = Math.min(one.length(), other.length());
    for (int i = 0; i < shorter; i++) {
      char a = one.charAt(i);
      char b = other.charAt(i);
      if (a != b) {
        // Surrogates encode the highest code points, but as UTF-16 units they sort below U+E000.
        return Character.isSurrogate(a) == Character.isSurrogate(b)
            ? Character.compare(a, b)
            : Boolean.compare(Character.isSurrogate(a), Character.isSurrogate(b));
      }
    }
    return Integer.compare(one.length(), other.length());
  }
}
