package dev.sharder.examples.hub.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * Callysto's {@code sharder.yml}: its database, its hubs, and how it is served.
 *
 * @param file where it is
 * @param values what it says
 */
public record CallystoFile(Path file, Map<String, Object> values) {

  /** Callysto's names for our keys. */
  static final Map<String, String> KEYS =
      Map.of(
          "listen", "sharder_listen",
          "database", "db_file",
          "database-user", "db_user",
          "database-password", "db_password",
          "cookie-domain", "domain",
          "bins", "hubs",
          "offset", "extra_shards");

  private static final List<String> DATABASE =
      List.of("db_type", "db_file", "db_host", "db_name", "db_user", "db_password");

  /** Reads the file; environment variables override its values. */
  public static CallystoFile read(Path file) {
    return of(file, YamlFile.read(file).values(), System.getenv());
  }

  /** As in callysto's sharder, the environment wins: DB_USER over db_user, and so on. */
  static CallystoFile of(Path file, Map<String, Object> inFile, Map<String, String> environment) {
    Map<String, Object> values = new LinkedHashMap<>(inFile);
    for (String key : DATABASE) {
      String override = environment.get(key.toUpperCase(Locale.ROOT));
      if (override != null && !override.isEmpty()) {
        values.put(key, override);
      }
    }
    return new CallystoFile(file, values);
  }

  /** Returns whether a file with these values is callysto's rather than ours. */
  static boolean isOne(Map<String, Object> values) {
    return values.containsKey("hubs") || values.containsKey("db_type");
  }

  /** The URL of callysto's database; a relative file is resolved against this one. */
  public String url() {
    String type = text("db_type", "sqlite");
    // It may name Python's driver, too, as in mysql+pymysql.
    return switch (type.replaceFirst("[+].*", "")) {
      case "sqlite" ->
          "jdbc:sqlite:"
              + file.toAbsolutePath()
                  .resolveSibling(RawSettings.path("db_file", required("db_file")))
                  .normalize();
      case "postgresql" ->
          "jdbc:postgresql://%s/%s".formatted(required("db_host"), required("db_name"));
      case "mysql", "mariadb" ->
          "jdbc:mariadb://%s/%s".formatted(required("db_host"), required("db_name"));
      default ->
          throw new SettingsException(
              "%s names the database type '%s', which cannot be read; export there the rows of kind hub that are not dummies as CSV with the columns object,bin (SELECT name AS object, bucket AS bin FROM shard), and import that file"
                  .formatted(file, type));
    };
  }

  /** The credentials for callysto's database. */
  public Properties login() {
    Properties login = new Properties();
    if (values.get("db_user") != null) {
      login.setProperty("user", text("db_user", ""));
    }
    if (values.get("db_password") != null) {
      login.setProperty("password", text("db_password", ""));
    }
    return login;
  }

  /**
   * The values under our keys, which the file may use, too. Callysto's users kept the case of their
   * names, and were sent to the hub's own host.
   */
  Map<String, Object> settings(boolean withDatabase) {
    Map<String, Object> ours = new LinkedHashMap<>();
    ours.put("listen", text("sharder_listen", "0.0.0.0") + ":" + text("sharder_port", "8888"));
    if (withDatabase) {
      ours.put("database", url());
    }
    login().forEach((key, value) -> ours.put("database-" + key, value));
    ours.put("bins", bins());
    ours.put("lowercase", false);
    ours.put("location", "https://{bin}/jupyter/hub{path}");
    if (values.get("domain") != null) {
      ours.put("cookie-domain", text("domain", ""));
    }
    values.forEach(
        (key, value) -> {
          if (RawSettings.KEYS.containsKey(key)) {
            ours.put(key, value);
          }
        });
    return ours;
  }

  private @Nullable Object bins() {
    if (!(values.get("hubs") instanceof List<?> hubs)) {
      return values.get("hubs");
    }
    List<@Nullable Object> bins = new ArrayList<>();
    for (Object hub : hubs) {
      bins.add(hub instanceof Map<?, ?> keys ? bin(keys) : hub);
    }
    return bins;
  }

  private static Map<String, Object> bin(Map<?, ?> hub) {
    Map<String, Object> bin = new LinkedHashMap<>();
    hub.forEach(
        (key, value) ->
            bin.put("extra_shards".equals(key) ? "offset" : String.valueOf(key), value));
    return bin;
  }

  private String required(String key) {
    if (values.get(key) == null) {
      throw new SettingsException(
          "%s has no %s; add it there, or name the database with --database".formatted(file, key));
    }
    return text(key, "");
  }

  private String text(String key, String otherwise) {
    Object value = values.get(key);
    return value == null ? otherwise : value.toString();
  }
}
