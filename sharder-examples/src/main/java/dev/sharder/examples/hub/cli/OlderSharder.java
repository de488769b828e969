package dev.sharder.examples.hub.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.sharder.Bin;
import dev.sharder.BinState;
import dev.sharder.InvalidValueException;
import dev.sharder.examples.hub.secrets.DatabaseUrl;
import dev.sharder.examples.hub.secrets.Secrets;
import dev.sharder.examples.hub.server.HubDatabase;
import java.sql.DatabaseMetaData;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jdbi.v3.core.ConnectionException;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;

/** Reads the database of an older sharder: its hubs and other bins, and its assignments. */
final class OlderSharder implements AutoCloseable {

  /** The older sharders, and the table of each. */
  enum From {
    CALLYSTO(
        "SELECT id, kind, bucket, name FROM shard ORDER BY id",
        """
        SELECT concat(name, 'a') = concat(name, 'A'), concat(name, 'a') = concat(name, 'a ')
        FROM shard
        WHERE name IS NOT NULL
        LIMIT 1
        """,
        """
        SELECT concat(name, 'e') = concat(name, 'é')
        FROM shard
        WHERE name IS NOT NULL
        LIMIT 1
        """),
    DATA8XHUB(
        "SELECT id, kind, bucket, name FROM entries_v1 ORDER BY id",
        """
        SELECT concat(name, 'a') = concat(name, 'A'), concat(name, 'a') = concat(name, 'a ')
        FROM entries_v1
        WHERE name IS NOT NULL
        LIMIT 1
        """,
        """
        SELECT concat(name, 'e') = concat(name, 'é')
        FROM entries_v1
        WHERE name IS NOT NULL
        LIMIT 1
        """);

    private final String rows;

    /** Asks whether the table takes names for the same that differ by case, or by blanks. */
    private final String comparison;

    /** Asks a MariaDB or MySQL the same about accents. */
    private final String accents;

    From(String rows, String comparison, String accents) {
      this.rows = rows;
      this.comparison = comparison;
      this.accents = accents;
    }
  }

  private static final String DUMMY = "dummy-";

  /** A row of the older sharder; any text may be missing. */
  private record ShardRow(
      long id, @Nullable String kind, @Nullable String bucket, @Nullable String name) {

    /** Returns whether the row only makes a bucket known and has no user. */
    boolean isDummy() {
      return name != null
          && bucket != null
          && (name.equals(DUMMY + bucket) || name.equals(DUMMY + bin(bucket).name()));
    }
  }

  private final From from;
  private final Handle handle;

  private OlderSharder(From from, Handle handle) {
    this.from = from;
    this.handle = handle;
  }

  /**
   * Opens the database read-only; does not create a missing file.
   *
   * @param limit how long the database may be silent
   */
  static OlderSharder open(From from, String url, Properties login, Duration limit) {
    Secrets.keep(new DatabaseUrl(url));
    Secrets.keep(login.getProperty("password", ""));
    check(url);
    if (url.startsWith("jdbc:sqlite:")) {
      // SQLITE_OPEN_READONLY
      login.setProperty("open_mode", "1");
    }
    HubDatabase.driverSettings(url).forEach(login::setProperty);
    try {
      Handle handle = Jdbi.create(url, login).open();
      // SQLite's driver ignores it: a file does not go silent.
      handle.getConnection().setNetworkTimeout(Runnable::run, (int) limit.toMillis());
      // Outside a transaction, PostgreSQL sends all rows at once.
      handle.begin();
      return new OlderSharder(from, handle);
    } catch (JdbiException failure) {
      throw unreadable(failure);
    } catch (SQLException failure) {
      throw unreadable(new ConnectionException(failure));
    }
  }

  private static void check(String url) {
    new DatabaseUrl(url)
        .complaint("SHARDER_FROM_USER", "SHARDER_FROM_PASSWORD")
        .ifPresent(
            complaint -> {
              throw unreadable("%s: %s".formatted(new DatabaseUrl(url).shown(), complaint));
            });
    DatabaseOptions.missingFile(url)
        .ifPresent(
            file -> {
              throw new UsageException(
                  "there is no database file '%s' of the older sharder; name it with --database"
                      .formatted(file));
            });
  }

  private static UsageException unreadable(JdbiException failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return unreadable(Secrets.masked(String.valueOf(root.getMessage())));
  }

  private static UsageException unreadable(String reason) {
    return new UsageException(
        "the database of the older sharder cannot be read: %s; see --from and --database, and SHARDER_FROM_USER and SHARDER_FROM_PASSWORD"
            .formatted(reason));
  }

  /** Returns every bin that has a row, cordoned, by kind. */
  Map<String, Map<String, Bin>> bins() {
    Map<String, Map<String, Bin>> kinds = new LinkedHashMap<>();
    try (Stream<ShardRow> rows = rows()) {
      rows.filter(row -> row.kind() != null)
          .forEach(
              row -> {
                String kind = String.valueOf(row.kind());
                add(kinds.computeIfAbsent(kind, name -> new LinkedHashMap<>()), row);
              });
      return kinds;
    } catch (JdbiException failure) {
      throw unreadable(failure);
    }
  }

  private static void add(Map<String, Bin> bins, ShardRow row) {
    try {
      Bin bin = bin(Objects.requireNonNullElse(row.bucket(), ""));
      Bin same = bins.putIfAbsent(bin.name(), bin);
      if (same != null && !same.equals(bin)) {
        throw new UsageException(
            "row %d: two different buckets of kind '%s' name the hub '%s', once with %s and once with %s; merge them in the older sharder first"
                .formatted(row.id(), row.kind(), bin.name(), same.labels(), bin.labels()));
      }
    } catch (InvalidValueException wrong) {
      // Its objects are refused one by one, with their rows.
    }
  }

  /**
   * A bucket is a name, or a JSON object whose {@code hub} is the name and whose other fields are
   * labels.
   */
  private static Bin bin(String bucket) {
    if (bucket.startsWith("{")) {
      try {
        JsonNode fields = OutputMappers.JSON.readTree(bucket);
        if (fields.path("hub").isTextual()) {
          Map<String, String> labels = new LinkedHashMap<>();
          fields.properties().forEach(field -> labels.put(field.getKey(), text(field)));
          labels.remove("hub");
          return Bin.of(fields.path("hub").asText())
              .withLabels(labels)
              .withState(BinState.CORDONED);
        }
      } catch (JsonProcessingException noJson) {
        // Then it is a name that starts with a brace.
      }
    }
    return Bin.of(bucket).withState(BinState.CORDONED);
  }

  private static String text(Map.Entry<String, JsonNode> field) {
    return field.getValue().isValueNode() ? field.getValue().asText() : field.getValue().toString();
  }

  /** Returns what the database ignored in names, which count exactly here; empty if nothing. */
  List<String> ignored() {
    boolean isAccents = ignoresAccents();
    try {
      return handle
          .createQuery(from.comparison)
          .map((row, context) -> ignored(row.getBoolean(1), isAccents, row.getBoolean(2)))
          .findFirst()
          .orElse(List.of());
    } catch (JdbiException failure) {
      throw unreadable(failure);
    }
  }

  private boolean ignoresAccents() {
    if (!handle.queryMetadata(DatabaseMetaData::getURL).startsWith("jdbc:mariadb:")) {
      // Others compare exactly, and PostgreSQL may lack the letter, and would end the transaction.
      return false;
    }
    try {
      return handle.createQuery(from.accents).mapTo(Boolean.class).findFirst().orElse(false);
    } catch (JdbiException unknown) {
      // The character set of the names has no such letter.
      return false;
    }
  }

  private static List<String> ignored(boolean isCase, boolean isAccents, boolean isBlanks) {
    List<String> ignored = new ArrayList<>();
    if (isCase) {
      ignored.add("the case of letters");
    }
    if (isAccents) {
      ignored.add("accents");
    }
    if (isBlanks) {
      ignored.add("blanks at the end");
    }
    return ignored;
  }

  /** Returns the names of the rows that have no kind. */
  List<String> strays() {
    try (Stream<ShardRow> rows = rows()) {
      return rows.filter(row -> row.kind() == null).map(row -> "row " + row.id()).toList();
    } catch (JdbiException failure) {
      throw unreadable(failure);
    }
  }

  /** Passes all users of a kind, in the order of their rows and without dummies, to the work. */
  <T> T entries(String kind, Function<Iterator<ImportRow>, T> work) {
    try (Stream<ShardRow> rows = rows()) {
      return work.apply(
          rows.filter(row -> kind.equals(row.kind()) && !isDummy(row))
              .map(row -> entry(kind, row))
              .iterator());
    } catch (JdbiException failure) {
      throw unreadable(failure);
    }
  }

  private static boolean isDummy(ShardRow row) {
    try {
      return row.isDummy();
    } catch (InvalidValueException wrong) {
      return false;
    }
  }

  private static ImportRow entry(String kind, ShardRow row) {
    String where = "row " + row.id();
    String name = Objects.requireNonNullElse(row.name(), "");
    try {
      String bucket = bin(Objects.requireNonNullElse(row.bucket(), "")).name();
      return ImportRow.of(where, kind, name, bucket, "", "", true);
    } catch (InvalidValueException wrong) {
      return ImportRow.wrong(where, wrong.getMessage());
    }
  }

  private Stream<ShardRow> rows() {
    return handle
        .createQuery(from.rows)
        .setFetchSize(1_000)
        .map(
            (row, context) ->
                new ShardRow(
                    row.getLong("id"),
                    row.getString("kind"),
                    row.getString("bucket"),
                    row.getString("name")))
        .stream();
  }

  @Override
  public void close() {
    handle.rollback();
    handle.close();
  }
}
