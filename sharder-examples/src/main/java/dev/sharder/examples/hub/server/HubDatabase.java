package dev.sharder.examples.hub.server;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.examples.hub.config.DatabaseSettings;
import dev.sharder.examples.hub.config.SharderLauncher;
import dev.sharder.examples.hub.files.LocalNames;
import dev.sharder.examples.hub.secrets.DatabaseUrl;
import dev.sharder.examples.hub.secrets.LogProvider;
import dev.sharder.examples.hub.secrets.Secrets;
import dev.sharder.jdbc.JdbiAssignmentStore;
import dev.sharder.jdbc.JdbiAssignmentStoreBuilder;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Pattern;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The pools of connections and the store over them, opened and closed together. */
public record HubDatabase(
    HikariDataSource pool, Optional<HikariDataSource> replica, JdbiAssignmentStore store)
    implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(HubDatabase.class);

  private static final String SQLITE = "jdbc:sqlite:";

  /** SQLITE_OPEN_READONLY, and SQLITE_OPEN_URI, which a name may be. */
  private static final String SQLITE_READ_ONLY = "open_mode=65";

  /** SQLITE_OPEN_READONLY is 1. Of several modes, the driver takes the last. */
  private static final Pattern READ_ONLY_MODE =
      Pattern.compile(
          "^jdbc:sqlite:.*[?&]open_mode=\\d*[13579](?!\\d)(?!.*[?&]open_mode=)",
          Pattern.CASE_INSENSITIVE);

  private static final String MARIADB = "jdbc:mariadb:";

  /**
   * For sessions whose defaults would make statements fail or answer otherwise, such as the limit
   * of a SELECT. The driver reads and writes UTF-8, whatever the server takes it for.
   */
  private static final String MARIADB_SESSION =
      "sql_mode='STRICT_ALL_TABLES',sql_safe_updates=0,completion_type=0,"
          + "sql_select_limit=18446744073709551615,sql_big_selects=1,max_sort_length=1024,"
          + "character_set_client=utf8mb4,character_set_connection=utf8mb4,"
          + "character_set_results=utf8mb4";

  /** The SQLSTATEs of a missing table, of PostgreSQL and of MariaDB. */
  private static final Set<String> NO_TABLE = Set.of("42P01", "42S02");

  /** PostgreSQL's SQLSTATE of a table that this user may not read. */
  private static final String NO_PRIVILEGE = "42501";

  private static final Duration CONNECT_LIMIT = Duration.ofSeconds(5);
  private static final Duration VALIDATION_LIMIT = Duration.ofMillis(500);
  private static final int IDLE_CONNECTIONS = 4;
  private static final Duration REPLICA_LIFETIME = Duration.ofMinutes(5);

  /** Opens the database that the settings name, for a server; creates or updates its tables. */
  static HubDatabase openForServer(DatabaseSettings settings) {
    return opened(settings, look(settings), true, IDLE_CONNECTIONS);
  }

  /** Opens the database that the settings name, for one command; creates or updates its tables. */
  public static HubDatabase open(DatabaseSettings settings) {
    return opened(settings, look(settings), true, 0);
  }

  /** Opens the database that the settings name, for one command; empty if it has no tables. */
  public static Optional<HubDatabase> openBegun(DatabaseSettings settings) {
    Found found = look(settings);
    return found == Found.TABLES
        ? Optional.of(opened(settings, found, false, 0))
        : Optional.empty();
  }

  /** Opens the database that the settings name, for one command; creates the tables if missing. */
  static HubDatabase openOrBegin(DatabaseSettings settings) {
    Found found = look(settings);
    // MariaDB commits each statement alone, so the tables may be there and their triggers not.
    boolean migrate = found != Found.TABLES || settings.url().startsWith(MARIADB);
    return opened(settings, found, migrate, 0);
  }

  /** What there is before a database is opened. */
  private enum Found {
    TABLES,
    NO_TABLES,
    NO_FILE
  }

  /** Connects once, to report what is wrong; returns what is there. */
  private static Found look(DatabaseSettings settings) {
    checkUrl(settings.url());
    settings.replica().ifPresent(HubDatabase::checkUrl);
    Optional<Path> file = file(settings.url());
    boolean isNew = file.filter(Files::notExists).isPresent();
    file.ifPresent(HubDatabase::keepPrivate);
    if (connectOnce(settings)) {
      return Found.TABLES;
    }
    return isNew ? Found.NO_FILE : Found.NO_TABLES;
  }

  private static HubDatabase opened(
      DatabaseSettings settings, Found found, boolean migrate, int idle) {
    HikariDataSource pool = new HikariDataSource(poolOf(settings, settings.url(), idle));
    Optional<HikariDataSource> replica = Optional.empty();
    try {
      replica = settings.replica().map(url -> new HikariDataSource(replicaOf(settings, url, idle)));
      JdbiAssignmentStoreBuilder store = JdbiAssignmentStore.builder(pool).migrate(migrate);
      replica.ifPresent(store::replica);
      HubDatabase database = new HubDatabase(pool, replica, store.build());
      report(settings, found);
      return database;
    } catch (RuntimeException failure) {
      replica.ifPresent(HikariDataSource::close);
      pool.close();
      throw new StartException(
          "cannot use the database %s%s: %s"
              .formatted(
                  settings.shown(),
                  settings
                      .replica()
                      .map(url -> " with the replica " + new DatabaseUrl(url).shown())
                      .orElse(""),
                  Secrets.masked(String.valueOf(failure.getMessage()))),
          failure);
    }
  }

  /** Names what was created: the name may be mistyped, or the configuration forgotten. */
  private static void report(DatabaseSettings settings, Found found) {
    if (found == Found.NO_FILE) {
      log.info("created database {}", settings.shown());
    } else if (found == Found.NO_TABLES && !isInMemory(settings.url())) {
      log.info("created the tables in {}", settings.shown());
    }
  }

  /**
   * Opens the database that the settings name to read it; empty if it has no tables. A SQLite file
   * is opened so that nothing can be written, and no file appears beside it.
   */
  public static Optional<HubDatabase> openReadOnly(DatabaseSettings settings) {
    String url =
        file(settings.url()).map(file -> readOnly(settings.url(), file)).orElse(settings.url());
    DatabaseSettings read =
        new DatabaseSettings(url, settings.user(), settings.password(), settings.replica());
    return openBegun(read);
  }

  private static String readOnly(String url, Path file) {
    String options = url.contains("?") ? url.substring(url.indexOf('?') + 1) + "&" : "";
    // Without a log beside it, no one has it open, and SQLite would leave an empty log there.
    Path real = withoutLink(file);
    boolean isInUse = Files.exists(real.resolveSibling(real.getFileName() + "-wal"));
    // Of two values of an option, the driver takes the last.
    return SQLITE + real.toUri() + (isInUse ? "?" : "?immutable=1&") + options + SQLITE_READ_ONLY;
  }

  /** SQLite puts its log beside the file itself, whatever link leads to it. */
  private static Path withoutLink(Path file) {
    try {
      return Files.isSymbolicLink(file) ? file.toRealPath() : file;
    } catch (IOException missing) {
      return file;
    }
  }

  /** Returns the file of a SQLite database; empty for other databases, and those in memory. */
  public static Optional<Path> file(String url) {
    if (!url.startsWith(SQLITE)) {
      return Optional.empty();
    }
    String name = url.substring(SQLITE.length()).replaceFirst("\\?.*", "");
    if (name.startsWith("file:")) {
      // SQLite reads it as a URI.
      name = name.substring("file:".length()).replaceFirst("^//[^/]*", "").replaceFirst("#.*", "");
      name = decoded(name);
    }
    boolean isFile = !name.isEmpty() && !name.startsWith(":") && !url.contains("mode=memory");
    try {
      return isFile ? Optional.of(LocalNames.path(name)) : Optional.empty();
    } catch (InvalidPathException unnamable) {
      throw new StartException(
          "the file '%s' has characters that this locale cannot name (%s); set LC_ALL=C.UTF-8"
              .formatted(name, LocalNames.encoding()),
          unnamable);
    }
  }

  private static boolean isInMemory(String url) {
    return url.startsWith(SQLITE) && file(url).isEmpty();
  }

  private static String decoded(String percents) {
    try {
      return URLDecoder.decode(percents.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException malformed) {
      return percents;
    }
  }

  /** SQLite gives the files beside it, -wal and -shm, the permissions that it has. */
  private static void keepPrivate(Path file) {
    try {
      PrivateFile.make(file);
    } catch (IOException unwritable) {
      // SQLite reports what is wrong with it.
    }
  }

  private static void checkUrl(String url) {
    DatabaseUrl shown = new DatabaseUrl(url);
    shown
        .complaint("database-user", "SHARDER_DATABASE_PASSWORD")
        .ifPresent(
            complaint -> {
              throw new StartException(
                  "cannot open the database %s: %s, or name another with --database"
                      .formatted(shown, complaint));
            });
  }

  /** Connects without a pool first: a pool would keep retrying, and hide the cause. */
  private static boolean connectOnce(DatabaseSettings settings) {
    try (Connection connection = connected(settings);
        Statement statement = connection.createStatement()) {
      // Neither a lock on the table nor a server that falls silent may hold up the start. SQLite's
      // driver ignores it.
      connection.setNetworkTimeout(Runnable::run, (int) CONNECT_LIMIT.toMillis());
      return hasTables(statement);
    } catch (SQLException | RuntimeException | LinkageError failure) {
      throw new StartException(
          "cannot open the database %s: %s"
              .formatted(settings.shown(), Secrets.masked(complaint(settings.url(), failure))),
          failure);
    }
  }

  /** Returns whether the tables are there, in any schema that the database looks into. */
  private static boolean hasTables(Statement statement) throws SQLException {
    // SQLite does not read the file before the first query. MariaDB commits each table alone, and
    // this one is created last.
    try (ResultSet none = statement.executeQuery("SELECT 1 FROM sharder_change WHERE 1 = 0")) {
      return !none.next();
    } catch (SQLException failure) {
      String state = String.valueOf(failure.getSQLState());
      if (state.equals(NO_PRIVILEGE)) {
        // The store reports what is not granted.
        return true;
      }
      if (NO_TABLE.contains(state) || rootMessage(failure).contains("no such table")) {
        return false;
      }
      throw failure;
    }
  }

  /** Returns what is wrong with a database that cannot be opened, and the cure. */
  private static String complaint(String url, Throwable failure) {
    if (url.startsWith(SQLITE) && isOfNativeLibrary(failure)) {
      return "SQLite's library cannot be unpacked or run in the folder '%s', which may be missing, full, read-only or noexec; name another folder, such as one in your home, with %s"
          .formatted(
              Objects.requireNonNullElse(
                  System.getProperty("org.sqlite.tmpdir"), System.getProperty("java.io.tmpdir")),
              SharderLauncher.withJavaOption("-Dorg.sqlite.tmpdir=FOLDER"));
    }
    return "%s; %s, or name another with --database, such as jdbc:sqlite:sharder.db"
        .formatted(rootMessage(failure), OpeningCure.of(url, failure));
  }

  /** SQLite's driver unpacks a native library, once, when its classes are loaded. */
  private static boolean isOfNativeLibrary(Throwable failure) {
    return OpeningCure.causes(failure)
        .anyMatch(
            link ->
                link instanceof LinkageError
                    || link.getClass().getSimpleName().equals("NativeLibraryNotFoundException"));
  }

  private static Connection connected(DatabaseSettings settings) throws SQLException {
    Optional<DataSource> source = source(settings, settings.url());
    if (source.isPresent()) {
      return source.get().getConnection();
    }
    DriverManager.setLoginTimeout((int) CONNECT_LIMIT.toSeconds());
    Properties login = login(settings);
    driverSettings(settings.url()).forEach(login::setProperty);
    return DriverManager.getConnection(settings.url(), login);
  }

  /** Returns what connects to a URL; empty if the driver that it names does. */
  private static Optional<DataSource> source(DatabaseSettings settings, String url) {
    if (url.startsWith(SQLITE)) {
      return Optional.of(new SqliteUrlDataSource(url, login(settings)));
    }
    LogProvider.bridge();
    return MultiHostDataSource.isFor(url)
        ? Optional.of(new MultiHostDataSource(settings, url, CONNECT_LIMIT))
        : Optional.empty();
  }

  private static Properties login(DatabaseSettings settings) {
    Properties login = new Properties();
    settings.user().ifPresent(user -> login.setProperty("user", user));
    settings.password().ifPresent(password -> login.setProperty("password", password));
    return login;
  }

  /** Its connections survive a promotion, after which they no longer lead to a replica. */
  private static HikariConfig replicaOf(DatabaseSettings settings, String url, int idle) {
    HikariConfig config = poolOf(settings, url, idle);
    config.setPoolName("sharder-replica");
    config.setMaxLifetime(REPLICA_LIFETIME.toMillis());
    return config;
  }

  private static HikariConfig poolOf(DatabaseSettings settings, String url, int idle) {
    HikariConfig config = new HikariConfig();
    config.setPoolName("sharder");
    source(settings, url)
        .ifPresentOrElse(config::setDataSource, () -> useDriver(config, settings, url));
    // The store connects first, and reports errors more clearly than the pool.
    config.setInitializationFailTimeout(-1);
    config.setConnectionTimeout(CONNECT_LIMIT.toMillis());
    // A connection that stops responding is closed soon, and the pool keeps few idle ones.
    config.setValidationTimeout(VALIDATION_LIMIT.toMillis());
    config.setMinimumIdle(idle);
    // Otherwise the pool would try to make a connection to such a SQLite file writable.
    config.setReadOnly(READ_ONLY_MODE.matcher(url).find());
    return config;
  }

  private static void useDriver(HikariConfig config, DatabaseSettings settings, String url) {
    config.setJdbcUrl(url);
    settings.user().ifPresent(config::setUsername);
    settings.password().ifPresent(config::setPassword);
    driverSettings(url).forEach(config::addDataSourceProperty);
  }

  /**
   * Returns what keeps a driver from waiting without end: a pool connects on one thread, which a
   * server that stops responding would block. On MariaDB, also the settings of its sessions. What
   * the URL says wins.
   */
  public static Map<String, String> driverSettings(String url) {
    if (url.startsWith("jdbc:postgresql:")) {
      return Map.of(
          "tcpKeepAlive", "true", "loginTimeout", String.valueOf(CONNECT_LIMIT.toSeconds()));
    }
    return url.startsWith(MARIADB) ? mariaDbSettings(MultiHostDataSource.hosts(url)) : Map.of();
  }

  /**
   * Returns the settings of the sessions, and the limits with which MariaDB's driver tries every
   * host before it returns to the first. It tries at most {@code retriesAllDown} hosts. It tries a
   * host that was down again only after {@code deniedListTimeout}, which is therefore longer than
   * trying all of them takes.
   */
  private static Map<String, String> mariaDbSettings(int hosts) {
    // It connects to the next host on the thread of a caller, who has a limit, too.
    Duration each = hosts > 1 ? MultiHostDataSource.HOST_LIMIT : CONNECT_LIMIT;
    Duration all = each.multipliedBy(hosts).plusSeconds(1);
    return Map.of(
        "sessionVariables",
        MARIADB_SESSION,
        "connectTimeout",
        String.valueOf(each.toMillis()),
        "retriesAllDown",
        String.valueOf(hosts),
        "deniedListTimeout",
        String.valueOf(all.toMillis()));
  }

  /** Returns the message of the root cause in one line. */
  static String rootMessage(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    String message = String.valueOf(root.getMessage()).strip();
    // Some exceptions are only clear with their name: UnknownHostException: db.example.org
    return root instanceof SQLException
        ? message
        : root.getClass().getSimpleName() + ": " + message;
  }

  @Override
  public void close() {
    store.close();
    replica.ifPresent(HikariDataSource::close);
    pool.close();
  }
}
