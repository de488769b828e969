package dev.sharder.examples.hub.server;

import java.sql.SQLException;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.sqlite.JDBC;
import org.sqlite.SQLiteConnection;
import org.sqlite.SQLiteDataSource;

/**
 * Connects to SQLite by its driver alone, while {@link java.sql.DriverManager} loads all drivers.
 * The options of the URL count, which the defaults of the data source would replace.
 */
public final class SqliteUrlDataSource extends SQLiteDataSource {

  private final Properties login;

  /**
   * Creates a data source.
   *
   * @param url the URL, with the driver's options
   * @param login the user and the password, if there are any
   */
  public SqliteUrlDataSource(String url, Properties login) {
    this.login = login;
    setUrl(url);
  }

  @Override
  public SQLiteConnection getConnection(@Nullable String user, @Nullable String password)
      throws SQLException {
    return JDBC.createConnection(getUrl(), login);
  }
}
