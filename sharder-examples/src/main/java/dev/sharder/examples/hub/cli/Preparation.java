package dev.sharder.examples.hub.cli;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.examples.hub.secrets.LogConfiguration;
import dev.sharder.examples.hub.secrets.LogProvider;
import dev.sharder.examples.hub.server.SqliteUrlDataSource;
import java.lang.management.ManagementFactory;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Properties;
import java.util.TimeZone;
import java.util.concurrent.CompletableFuture;
import org.slf4j.LoggerFactory;

/**
 * What commands need before they run. It is done in a thread of its own, which another processor
 * runs while picocli reads the commands.
 */
final class Preparation implements Runnable {

  private static final Duration LIMIT = Duration.ofSeconds(1);

  private final CompletableFuture<Void> process = new CompletableFuture<>();

  private final String command;
  private final NamedDatabases databases;

  private Preparation(String[] arguments) {
    command = Subcommands.first(arguments);
    databases = NamedDatabases.of(arguments, System.getenv());
  }

  /**
   * Starts to prepare the process.
   *
   * @param arguments its arguments
   */
  static Preparation start(String[] arguments) {
    Preparation preparation = new Preparation(arguments);
    Thread thread = new Thread(preparation, "sharder-preparation");
    thread.setDaemon(true);
    thread.start();
    return preparation;
  }

  /** Waits until the log and the time zone are set up. */
  void await() {
    process.join();
  }

  /** Waits until that is done or has failed. */
  void end() {
    process.exceptionally(reported -> null).join();
  }

  @Override
  public void run() {
    try {
      if (Subcommands.usesDatabase(command)) {
        Subcommands.readAnnotations(command);
      }
      prepareProcess();
      process.complete(null);
    } catch (Throwable failure) {
      process.completeExceptionally(failure);
    }
    if (Subcommands.usesDatabase(command)) {
      rehearse();
    }
  }

  private void prepareProcess() {
    // The driver sends the time zone to PostgreSQL, which knows fewer than Java; logs keep the
    // zone.
    System.setProperty(LogConfiguration.ZONE, TimeZone.getDefault().getID());
    TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
    LogProvider.use();
    // SQLite's driver does without. What else a server may load is not known.
    if (databases.mayUseOthers() || LogFormat.isQueued()) {
      LogProvider.bridge();
    }
    LoggerFactory.getILoggerFactory();
  }

  /** Loads what a server registers its beans with, and what connects to the databases. */
  private void rehearse() {
    try {
      if (LogFormat.isQueued()) {
        ManagementFactory.getPlatformMBeanServer();
      }
      if (databases.mayUseOthers()) {
        DriverManager.getDrivers();
      }
      // Without this folder, the driver would unpack its library, and an early end would leave it.
      if (databases.mayUseSqlite() && System.getProperty("org.sqlite.lib.path") != null) {
        connectInMemory();
      }
    } catch (SQLException | RuntimeException | LinkageError failure) {
      // The command will report it, if it uses this.
    }
  }

  private static void connectInMemory() throws SQLException {
    HikariConfig config = new HikariConfig();
    config.setDataSource(new SqliteUrlDataSource("jdbc:sqlite::memory:", new Properties()));
    config.setInitializationFailTimeout(-1);
    config.setConnectionTimeout(LIMIT.toMillis());
    config.setMinimumIdle(0);
    try (HikariDataSource pool = new HikariDataSource(config);
        Connection connection = pool.getConnection();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SELECT 1")) {
      row.next();
    }
  }
}
