package dev.sharder;

import java.util.Comparator;

/**
 * What a kind, an object and a bin may be called, and the order of names. The rule is in the
 * Javadoc of the package.
 */
public final class Names {

  /** Longest name, in Unicode code points. */
  public static final int LONGEST = 255;

  /**
   * Orders names by code point, as SQLite's BINARY and PostgreSQL's "C" collation order UTF-8, so
   * that a tie is broken alike in every store. {@link String#compareTo} orders UTF-16 units and
   * would put an emoji before {@code U+FFFD}.
   */
  public static final Comparator<String> ORDER = Names::compare;

  /**
   * Fillers, joiners and selectors that are ignored by default and no format characters, and the
   * blank pattern of Braille.
   */
  private static final String IGNORED =
      "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2065\u2800\u3164\uffa0";

  private Names() {}

  /** Returns the name, or says what is wrong with it; {@code what} is its role, such as "bin". */
  public static String check(String what, String name) {
    if (isPlain(name)) {
      return name;
    }
    if (name.isBlank()) {
      throw new InvalidValueException(
          "%s name '%s' is blank; give it at least one visible character".formatted(what, name));
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
   * Returns the name of a new object, which must have a visible character. Objects whose names have
   * none may be there from before, and are still found.
   */
  public static String checkVisible(String what, String name) {
    if (isPlain(check(what, name)) || name.codePoints().anyMatch(Names::isVisible)) {
      return name;
    }
    throw new InvalidValueException(
        "%s name '%s' has no visible character; give it at least one"
            .formatted(what, numbered(name)));
  }

  /**
   * Returns the name of a new bin or label, which people type and compare: without white space
   * around it. A bin with such a name may be there from before, and is still changed and emptied.
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

  /** By Unicode, and so with no-break spaces; those that are controls are refused anyway. */
  private static boolean isSpace(int codePoint) {
    return Character.isSpaceChar(codePoint) || Character.isWhitespace(codePoint);
  }

  /** Tells whether a reader sees it: it is neither white space nor ignored by default (UAX 44). */
  private static boolean isVisible(int codePoint) {
    return !isSpace(codePoint)
        && Character.getType(codePoint) != Character.FORMAT
        && IGNORED.indexOf(codePoint) < 0
        && !(codePoint >= 0xfe00 && codePoint <= 0xfe0f)
        && !(codePoint >= 0xfff0 && codePoint <= 0xfff8)
        && !(codePoint >= 0xe0000 && codePoint <= 0xe0fff);
  }

  /** Most names are short and of printable ASCII, and names are checked more than anything. */
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

  /** Returns the text, which may be blank, or says what in it no store could keep. */
  public static String checkText(String what, String text) {
    if (text.codePoints().anyMatch(Names::isUnwritable)) {
      throw new InvalidValueException(
          "%s '%s' has a control character, a line break or half a surrogate pair; take it out"
              .formatted(what, visible(text)));
    }
    return text;
  }

  private static boolean isUnwritable(int codePoint) {
    if ((codePoint >= 0x202a && codePoint <= 0x202e)
        || (codePoint >= 0x2066 && codePoint <= 0x2069)) {
      // Bidirectional overrides make a line read otherwise than it is.
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

  /** Writes what would break a line or a terminal as its number, so that it can be shown. */
  private static String visible(String name) {
    StringBuilder shown = new StringBuilder(name.length());
    name.codePoints()
        .forEach(
            codePoint -> {
              if (isUnwritable(codePoint)) {
                shown.append("\\u%04x".formatted(codePoint));
              } else {
                shown.appendCodePoint(codePoint);
              }
            });
    return shown.toString();
  }

  /** Writes every character that is not printable ASCII as its number. */
  private static String numbered(String name) {
    StringBuilder shown = new StringBuilder(name.length());
    name.codePoints()
        .forEach(
            codePoint -> {
              if (codePoint >= ' ' && codePoint <= '~') {
                shown.appendCodePoint(codePoint);
              } else {
                shown.append("\\u%04x".formatted(codePoint));
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
        // Surrogates stand for code points above all others, but below some others as units.
        return Character.isSurrogate(a) == Character.isSurrogate(b)
            ? Character.compare(a, b)
            : Boolean.compare(Character.isSurrogate(a), Character.isSurrogate(b));
      }
    }
    return Integer.compare(one.length(), other.length());
  }
}
