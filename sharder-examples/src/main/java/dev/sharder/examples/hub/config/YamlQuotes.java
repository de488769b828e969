package dev.sharder.examples.hub.config;

import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A line of YAML, and how to write it with quotes around a value that YAML reads as something else,
 * such as {@code [::1]:8888} or one that begins with {@code @}.
 *
 * @param line the line
 */
record YamlQuotes(String line) {

  private static final String BEFORE = "([\\[{,] *|[\\w-]: +|- +)";

  private static final Pattern IPV6 = Pattern.compile("\\[[0-9A-Fa-f:.]+](?::\\d+)?");

  /** A value that begins with a special character: an IPv6 address in brackets, or another. */
  private static final List<Pattern> SPECIAL =
      List.of(
          Pattern.compile(BEFORE + "(" + IPV6 + ")"),
          Pattern.compile(BEFORE + "([^\\s\\w\"'\\[\\]{},/.$#-][^,}\\]\\s]*)"));

  private static final Pattern BRACKETS = Pattern.compile("\\s*(?:- +)*(?:[\\w-]+: +)?[\\[{].*");

  /** All behind a key or a dash, and a comment. */
  private static final Pattern VALUE =
      Pattern.compile("(\\s*(?:- +)*[\\w-]+: +|\\s*(?:- +)+(?![{]))([^\\s\"'].*?)(\\s+#.*|\\s*)");

  /** What may be a secret is not shown. */
  private static final Pattern SECRET =
      Pattern.compile("(?i).*(?:pass|secret|token|keys|consumers|database|replica).*");

  /**
   * Returns the line with quotes that make it valid.
   *
   * @param isValid whether a line in the place of this one is what may have been meant
   */
  Optional<String> quoted(Predicate<String> isValid) {
    return Stream.concat(within(), whole())
        .filter(candidate -> !candidate.equals(line))
        .filter(isValid)
        .findFirst();
  }

  /** Returns the line with quotes within its brackets. */
  private Stream<String> within() {
    return BRACKETS.matcher(line).matches()
        ? SPECIAL.stream().map(special -> special.matcher(line).replaceAll(YamlQuotes::quotedValue))
        : Stream.empty();
  }

  private Stream<String> whole() {
    Matcher found = VALUE.matcher(line);
    if (!found.matches()) {
      return Stream.empty();
    }
    String value = quotes(found.group(2));
    Stream<String> values =
        IPV6.matcher(found.group(2)).matches()
            ? Stream.of(value, "[" + value + "]")
            : Stream.of(value);
    return values.map(quoted -> found.group(1) + quoted + found.group(3));
  }

  private static String quotedValue(MatchResult found) {
    return Matcher.quoteReplacement(found.group(1) + quotes(found.group(2)));
  }

  /** Returns a line with quotes around what is between two places in it. */
  static String quoted(String line, int start, int end) {
    return line.substring(0, start) + quotes(line.substring(start, end)) + line.substring(end);
  }

  private static String quotes(String value) {
    return value.matches("[^\"\\\\]*") ? '"' + value + '"' : "'" + value.replace("'", "''") + "'";
  }

  /** Returns a line as it may be shown, if those lines lead from its key to it. */
  static String shown(List<String> fromKey, String line) {
    // Keys that are indented, in quotes or in brackets are only seen here.
    boolean isSecret = fromKey.stream().anyMatch(one -> SECRET.matcher(one).matches());
    return isSecret ? "\"…\"" : line.strip();
  }
}
