package dev.sharder.examples.hub.secrets;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The URL of a database as it was written, in any form. It shows what is known to be harmless, and
 * {@code ***} for the rest: a password may have any character in it, and stand anywhere.
 *
 * @param text what was written
 */
public record DatabaseUrl(String text) {

  private static final String MASK = "***";

  /** How MariaDB's driver chooses one of several hosts, as it spells it. */
  private static final String MARIADB_MODE =
      "(?i:sequential|load-?balance|failover|replication|load-balance-read|load_balance_read|none)";

  /** The scheme, the place, and from the first separator on the parameters. */
  private static final Pattern PARTS =
      Pattern.compile(
          "(?s)((?:(?i:jdbc:)?[A-Za-z][A-Za-z0-9+.-]*:"
              + "(?:"
              + MARIADB_MODE
              + ":(?=//))?(?://)?)?)"
              + "([^?;&]*)(.*)");

  private static final String HOST = "(?:[\\p{L}\\p{N}_.-]*|\\[[0-9A-Fa-f:.]+])(?::\\d{1,5})?";
  // Possessive: a request decides how often it repeats, and would otherwise overflow the stack.
  private static final String HOSTS = HOST + "(?:," + HOST + ")*+";
  private static final Pattern PLACE = Pattern.compile(HOSTS + "(?:/[\\p{L}\\p{N}_./~-]*)?");
  private static final Pattern POSTGRES_PLACE = Pattern.compile("(?://" + HOSTS + "/)?[^/]*");
  private static final Pattern MARIADB_PLACE = Pattern.compile(HOSTS + "/[^/@]+");
  private static final Pattern HARMLESS_VALUE = Pattern.compile("[\\p{L}\\p{N}_.,-]*");

  /** Parameters of PostgreSQL's, MariaDB's and SQLite's drivers whose values are no secret. */
  private static final Set<String> HARMLESS =
      Set.of(
          "ApplicationName",
          "connectTimeout",
          "currentSchema",
          "hostRecheckSeconds",
          "loadBalanceHosts",
          "loginTimeout",
          "prepareThreshold",
          "readOnly",
          "reWriteBatchedInserts",
          "socketTimeout",
          "ssl",
          "sslmode",
          "targetServerType",
          "tcpKeepAlive",
          "user",
          "allowPublicKeyRetrieval",
          "deniedListTimeout",
          "retriesAllDown",
          "sslMode",
          "transactionReplay",
          "busy_timeout",
          "cache",
          "journal_mode",
          "mode",
          "synchronous");

  private static final Pattern SECRET_PARAMETER =
      Pattern.compile("(?i)\\b\\w*(?:pass?w|pwd|secret|token|key|cred)\\w*=");

  private static final String POSTGRESQL = "jdbc:postgresql:";
  private static final String MARIADB = "jdbc:mariadb:";
  private static final String MYSQL = "jdbc:mysql:";
  private static final String SQLITE = "jdbc:sqlite:";

  /** Returns the URL as it may be shown to anyone. */
  public String shown() {
    Matcher parts = parts();
    String scheme = parts.group(1);
    Optional<String> place = shownPlace();
    return place.isEmpty() ? scheme + MASK : scheme + place.get() + shownParameters(parts.group(3));
  }

  private Matcher parts() {
    Matcher parts = PARTS.matcher(text);
    if (!parts.matches()) {
      throw new IllegalStateException("every text has these parts, which may be empty");
    }
    return parts;
  }

  /** Empty if a secret might be in it. */
  private Optional<String> shownPlace() {
    Matcher parts = parts();
    String place = parts.group(2);
    if (parts.group(3).contains("@") || isLogin(parts.group(1))) {
      // A password that has a separator in it looks like a place before it and parameters after it.
      return Optional.empty();
    }
    if (isFile()) {
      return Optional.of(place);
    }
    int login = place.lastIndexOf('@') + 1;
    String known = place.substring(login);
    if (place.substring(0, login).contains("=")) {
      return Optional.empty();
    }
    return PLACE.matcher(known).matches()
        ? Optional.of(login == 0 ? known : MASK + "@" + known)
        : Optional.empty();
  }

  /** What looks like a scheme may be a user, with the password behind it. */
  private static boolean isLogin(String scheme) {
    return !scheme.isEmpty()
        && !scheme.endsWith("//")
        && !scheme.toLowerCase(Locale.ROOT).startsWith("jdbc:");
  }

  private boolean isFile() {
    return text.startsWith(SQLITE) && !text.startsWith(SQLITE + "//");
  }

  /** All before the first that might be a secret: a password may go on behind a separator. */
  private static String shownParameters(String parameters) {
    StringBuilder shown = new StringBuilder();
    for (String parameter : parameters.split("(?=[?;&])", -1)) {
      String[] both = parameter.replaceFirst("^[?;&]", "").split("=", 2);
      if (parameter.isEmpty() || isHarmless(both)) {
        shown.append(parameter);
      } else {
        return shown.append(parameter.charAt(0)).append(MASK).toString();
      }
    }
    return shown.toString();
  }

  private static boolean isHarmless(String[] both) {
    return both.length == 2
        && HARMLESS.contains(both[0])
        && HARMLESS_VALUE.matcher(both[1]).matches();
  }

  /** Returns every secret in the URL, as it is written and as it is meant. */
  List<String> secrets() {
    return Stream.concat(login(), parameters())
        .flatMap(secret -> Stream.of(secret, decoded(secret)))
        .distinct()
        .toList();
  }

  /** What stands before the last '@', behind the name of the user. */
  private Stream<String> login() {
    int begin = parts().start(2);
    int end = text.lastIndexOf('@');
    if (isFile() || end < begin) {
      return Stream.empty();
    }
    String login = text.substring(begin, end);
    return SECRET_PARAMETER.matcher(login).find()
        ? Stream.empty()
        : Stream.of(login.replaceFirst("^[^:/]*[:/]", ""));
  }

  /** As far as the driver reads it, and as far as someone may have meant it. */
  private Stream<String> parameters() {
    return SECRET_PARAMETER
        .matcher(text)
        .results()
        .flatMap(
            found -> {
              String meant = text.substring(found.end());
              return Stream.of(meant, meant.replaceFirst("[?;&].*", ""));
            });
  }

  private static String decoded(String text) {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException malformed) {
      return text;
    }
  }

  /**
   * Returns what is wrong with the URL and the right form of it, without any secret; empty if a
   * driver may be asked. A driver would write the URL, or a part of it, into its own log.
   *
   * @param user where the user goes instead, such as {@code database-user}
   * @param password where the password goes instead
   */
  public Optional<String> complaint(String user, String password) {
    return problem()
        .map(
            problem ->
                "%s; write %s, with the user in %s and the password in %s"
                    .formatted(problem, rightForm(), user, password))
        .or(
            () ->
                text.startsWith("jdbc:")
                    ? Optional.empty()
                    : Optional.of(
                        "it is not a JDBC URL; write jdbc:sqlite:sharder.db,"
                            + " jdbc:postgresql://db.example.org/sharder or"
                            + " jdbc:mariadb://db.example.org/sharder"));
  }

  /** Returns what is wrong with the URL of a server; empty if nothing is, or it is of none. */
  private Optional<String> problem() {
    if (text.startsWith(MYSQL)) {
      return Optional.of("the driver here is MariaDB's, which reads jdbc:mariadb: URLs");
    }
    if ((isOfPostgres() && !text.startsWith(POSTGRESQL))
        || (isOfMariaDb() && !text.startsWith(MARIADB))) {
      return Optional.of("it is not a JDBC URL");
    }
    boolean isUnclear =
        (text.startsWith(POSTGRESQL) && !isPostgres())
            || (text.startsWith(MARIADB) && !isMariaDb());
    return isUnclear
        ? Optional.of("it is not a JDBC URL of hosts, ports and a database")
        : Optional.empty();
  }

  private boolean isOfPostgres() {
    return scheme().contains("postgres");
  }

  private boolean isOfMariaDb() {
    return scheme().contains("mariadb") || scheme().contains("mysql");
  }

  private String scheme() {
    return parts().group(1).toLowerCase(Locale.ROOT);
  }

  private boolean isPostgres() {
    String place = text.substring(POSTGRESQL.length()).replaceFirst("(?s)\\?.*", "");
    return !place.contains("@") && POSTGRES_PLACE.matcher(place).matches();
  }

  private boolean isMariaDb() {
    Matcher parts = parts();
    return parts.group(1).endsWith("//")
        && MARIADB_PLACE.matcher(parts.group(2)).matches()
        && (parts.group(3).isEmpty() || parts.group(3).startsWith("?"));
  }

  private String rightForm() {
    return (isOfMariaDb() ? MARIADB : POSTGRESQL)
        + "//"
        + shownPlace()
            .map(place -> place.substring(place.lastIndexOf('@') + 1))
            .filter(place -> place.matches("[^/]+/[^/]+"))
            .orElse("db.example.org/sharder");
  }

  /** The URL without its secrets. */
  @Override
  public String toString() {
    return shown();
  }
}
