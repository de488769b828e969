package dev.sharder.examples.hub.lti;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A value that stands where a name should be: a substitution variable that the platform did not
 * expand ({@code $User.id}, LTI 1.3 core, section 6.2), a template, or what programs write for
 * none. All users of a platform would have it, and be one.
 */
public final class PlaceholderName {

  private static final Set<String> NONE = Set.of("null", "none", "undefined");

  private static final Pattern BLANK = Pattern.compile("[\\s\\p{Z}\\p{C}]*");

  /** As people write it around a word that means none, such as (null) or [undefined]. */
  private static final Pattern BRACKETS = Pattern.compile("^[(<\\[{\"']+|[)>\\]}\"']+$");

  private static final Pattern TEMPLATE =
      Pattern.compile(
          "\\$.*|%\\w+%|.*(?:\\$[A-Za-z]+\\.[A-Za-z]|[$%#]\\{|\\{\\{|<%).*", Pattern.DOTALL);

  private PlaceholderName() {}

  /** Returns whether a value names no one. */
  public static boolean isOne(String value) {
    String word = BRACKETS.matcher(value.strip()).replaceAll("");
    return BLANK.matcher(word).matches()
        || NONE.contains(word.toLowerCase(Locale.ROOT))
        || TEMPLATE.matcher(value.strip()).matches();
  }
}
