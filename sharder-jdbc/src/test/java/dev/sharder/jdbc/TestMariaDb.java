package dev.sharder.jdbc;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A real MariaDB server from a jar, started once for each test run. It may lose commits if it is
 * killed, which saves minutes; tests that kill a server start their own.
 */
public final class TestMariaDb {

  private TestMariaDb() {}

  /** Started on first use; a shutdown hook stops it. */
  private static final class Server {
    static final MariaDbServer RUNNING = start();

    private static MariaDbServer start() {
      try {
        Path folder = Files.createTempDirectory("sharder-mariadb-data");
        MariaDbServer server =
            MariaDbServer.start(
                folder,
                List.of("--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync"));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> remove(server, folder)));
        return server;
      } catch (IOException failure) {
        throw new UncheckedIOException(failure);
      }
    }

    private static void remove(MariaDbServer server, Path folder) {
      server.close();
      try (Stream<Path> files = Files.walk(folder)) {
        files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
      } catch (IOException failure) {
        throw new UncheckedIOException(failure);
      }
    }
  }

  /** Creates an empty database, and returns its JDBC URL, which includes the user. */
  public static String newDatabase() {
    MariaDbServer.skipWhereMissing();
    return Server.RUNNING.newDatabase();
  }

  /** Returns whether any transaction of the connection's server waits for a lock on a row. */
  public static boolean isLockAwaited(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet waits =
            statement.executeQuery("SHOW STATUS LIKE 'Innodb_row_lock_current_waits'")) {
      return waits.next() && waits.getInt(2) > 0;
    }
  }
}
