package dev.sharder.examples.hub.secrets;

import java.util.Comparator;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What no message and no line of the log may show. Secrets are kept as soon as they are read; a
 * text is masked where it leaves the program, whether it comes from this program, a driver or a
 * pool.
 */
public final class Secrets {

  private static final String MASK = "***";

  /** A shorter one is in every other word. */
  private static final int SHORTEST = 4;

  /** A shorter one counts only as a word of its own, or 'postgres' would mask 'postgresql'. */
  private static final int SHORTEST_WITHIN_WORDS = 12;

  private static final String END_OF_SENTENCE = ".,:;!?'\")]";

  // Requests decide what is matched here. So what may repeat is possessive or limited, or a text of
  // some kilobytes takes seconds; and no group repeats, or it overflows the stack.

  private static final String NAME = "(?:pass?w(?:or)?d|passphrase|pwd|secret)[a-z_-]{0,40}";

  /** A URL, of anyone's. */
  private static final Pattern URL =
      Pattern.compile("(?i)\\b(?:jdbc:|[a-z][a-z0-9+.-]{0,40}://)\\S*+");

  /** What makes a URL one with a login or a secret in it. */
  private static final Pattern SECRET_IN_URL = Pattern.compile("(?i)@|" + NAME + "=");

  /** A secret by its name, to the end of the word, or of what is quoted. */
  private static final Pattern NAMED =
      Pattern.compile(
          "(?is)("
              + NAME
              + "\\s*+=\\s*+)(?:'.*?(?<!\\\\)'|\".*?(?<!\\\\)\"|['\"].*|[^\\s'\"]\\S*)");

  /** What someone may have meant as a URL of a database. */
  private static final Pattern DATABASE_URL =
      Pattern.compile("(?is)(?:--[a-z-]+=)?[\"']?(?:jdbc:|[a-z][a-z0-9+.-]*://|.*" + NAME + "=).*");

  /** What is written for each; the longest come first, as one may be within another. */
  private static final Map<String, String> SHOWN =
      new ConcurrentSkipListMap<>(
          Comparator.comparingInt(String::length).reversed().thenComparing(text -> text));

  private static final Map<String, Pattern> WORDS = new ConcurrentHashMap<>();

  private Secrets() {}

  /** Keeps a secret, such as a password. */
  public static void keep(String secret) {
    if (secret.length() >= SHORTEST) {
      SHOWN.putIfAbsent(secret, MASK);
    }
  }

  /** Keeps a database URL with all that is secret in it. */
  public static void keep(DatabaseUrl url) {
    String shown = url.shown();
    if (!shown.equals(url.text())) {
      SHOWN.put(url.text(), shown);
      url.secrets().forEach(Secrets::keep);
    }
  }

  /**
   * Keeps those among the arguments of a command that are URLs of databases, wherever they stand.
   */
  public static void keepUrls(Iterable<String> arguments) {
    for (String argument : arguments) {
      if (DATABASE_URL.matcher(argument).matches()) {
        keep(new DatabaseUrl(argument.replaceFirst("^--[a-z-]+=", "")));
      }
    }
  }

  /** Returns the text without secrets: those that are kept, and what looks like one. */
  public static String masked(String text) {
    String masked = text;
    for (Map.Entry<String, String> secret : SHOWN.entrySet()) {
      if (masked.contains(secret.getKey())) {
        masked =
            word(secret.getKey())
                .matcher(masked)
                .replaceAll(Matcher.quoteReplacement(secret.getValue()));
      }
    }
    if (masked.contains(":")) {
      masked = URL.matcher(masked).replaceAll(url -> shown(url.group()));
    }
    return masked.contains("=") ? NAMED.matcher(masked).replaceAll("$1" + MASK) : masked;
  }

  /** Punctuation that ends a sentence is not part of the URL. */
  private static String shown(String url) {
    if (!SECRET_IN_URL.matcher(url).find()) {
      return Matcher.quoteReplacement(url);
    }
    int end = url.length();
    while (END_OF_SENTENCE.indexOf(url.charAt(end - 1)) >= 0) {
      end--;
    }
    DatabaseUrl meant = new DatabaseUrl(url.substring(0, end));
    return Matcher.quoteReplacement(meant.shown() + url.substring(end));
  }

  private static Pattern word(String secret) {
    return WORDS.computeIfAbsent(
        secret,
        literal ->
            literal.length() < SHORTEST_WITHIN_WORDS
                ? Pattern.compile("(?<!\\w)" + Pattern.quote(literal) + "(?!\\w)")
                : Pattern.compile(literal, Pattern.LITERAL));
  }
}
