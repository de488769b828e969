package dev.sharder.examples.hub.server;

import dev.sharder.examples.hub.config.DatabaseSettings;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Connects to one of several PostgreSQL servers, with a time limit for each. A server that is off,
 * or suspended, would otherwise use up the time of those after it.
 */
final class MultiHostDataSource extends PGSimpleDataSource {

  private static final long serialVersionUID = 1;

  /** How long to wait for each of several servers, of any product. */
  static final Duration HOST_LIMIT = Duration.ofSeconds(2);

  private final boolean isReadLimited;

  /** Creates a data source. What the URL says wins. */
  MultiHostDataSource(DatabaseSettings settings, String url, Duration limit) {
    setURL(url);
    unlessIn(url, "user", () -> settings.user().ifPresent(this::setUser));
    unlessIn(url, "password", () -> settings.password().ifPresent(this::setPassword));
    unlessIn(url, "loginTimeout", () -> setLoginTimeout((int) limit.toSeconds()));
    unlessIn(url, "tcpKeepAlive", () -> setTcpKeepAlive(true));
    unlessIn(url, "connectTimeout", () -> setConnectTimeout((int) HOST_LIMIT.toSeconds()));
    unlessIn(url, "socketTimeout", () -> setSocketTimeout((int) HOST_LIMIT.toSeconds()));
    isReadLimited = !isIn(url, "socketTimeout");
  }

  private static void unlessIn(String url, String property, Runnable setting) {
    if (!isIn(url, property)) {
      setting.run();
    }
  }

  private static boolean isIn(String url, String property) {
    return url.matches(".*[?&]" + property + "=.*");
  }

  /** Returns whether a URL that the driver accepts names several PostgreSQL servers. */
  static boolean isFor(String url) {
    return url.startsWith("jdbc:postgresql:") && hosts(url) > 1 && isAccepted(url);
  }

  /** Returns how many servers a URL names, of any product. */
  static int hosts(String url) {
    return url.replaceFirst("\\?.*", "").split(",", -1).length;
  }

  private static boolean isAccepted(String url) {
    try {
      return DriverManager.getDriver(url) != null;
    } catch (SQLException malformed) {
      return false;
    }
  }

  @Override
  public Connection getConnection(@Nullable String user, @Nullable String password)
      throws SQLException {
    Connection connection = super.getConnection(user, password);
    if (isReadLimited) {
      // The limit was for connecting; statements have limits of their own.
      connection.setNetworkTimeout(Runnable::run, 0);
    }
    return connection;
  }
}
