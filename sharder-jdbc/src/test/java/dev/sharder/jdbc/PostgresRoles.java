package dev.sharder.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.regex.Pattern;

/** A server's roles, created and granted as docs/security.md says. */
final class PostgresRoles {

  static final String OWNER = "sharder_owner";
  static final String SERVE = "sharder_serve";
  static final String READ = "sharder_read";

  /** The server of all tests in this JVM, with the tables created. */
  private static final class OfTestServer {
    static final PostgresRoles ROLES = withTables(TestPostgres.newDatabase());
  }

  private final String server;

  private PostgresRoles(String server) {
    this.server = server;
  }

  /** Returns the roles on the server of all tests, and empties their tables. */
  static PostgresRoles ofTestServer() throws SQLException {
    OfTestServer.ROLES.run(
        OWNER, "TRUNCATE sharder_kind, sharder_bin, sharder_assignment, sharder_change");
    return OfTestServer.ROLES;
  }

  /**
   * Creates the roles and their database as the superuser of the URL, and the tables as an operator
   * does: the owner migrates, and grants access.
   */
  static PostgresRoles withTables(String superuserUrl) {
    PostgresRoles roles =
        new PostgresRoles(superuserUrl.substring(0, superuserUrl.lastIndexOf('/') + 1));
    try (HikariDataSource owner = new HikariDataSource()) {
      run(superuserUrl, documented(0));
      owner.setJdbcUrl(roles.url(OWNER));
      JdbiAssignmentStore.create(owner).close();
      run(roles.url(OWNER), documented(1));
      return roles;
    } catch (IOException | SQLException failure) {
      throw new IllegalStateException("the roles were not created", failure);
    }
  }

  /** Returns the same roles on another server, such as a replica. */
  PostgresRoles on(String otherUrl) {
    return new PostgresRoles(otherUrl.substring(0, otherUrl.lastIndexOf('/') + 1));
  }

  String url(String role) {
    return server + "sharder?user=" + role;
  }

  HikariDataSource pool(String role) {
    HikariDataSource pool = new HikariDataSource();
    pool.setJdbcUrl(url(role));
    return pool;
  }

  /** Runs statements as a role. */
  void run(String role, String... statements) throws SQLException {
    run(url(role), List.of(statements));
  }

  private static void run(String url, List<String> statements) throws SQLException {
    try (Connection connection = DriverManager.getConnection(url);
        Statement statement = connection.createStatement()) {
      for (String one : statements) {
        statement.execute(one);
      }
    }
  }

  /** Returns the statements of an SQL block in the documentation. */
  private static List<String> documented(int block) throws IOException {
    String page = Files.readString(Path.of("").toAbsolutePath().resolve("../docs/security.md"));
    List<String> blocks =
        Pattern.compile("(?ms)^```sql\\n(.*?)^```$")
            .matcher(page)
            .results()
            .map(found -> found.group(1))
            .toList();
    return List.of(blocks.get(block).split(";\\s*\\n"));
  }
}
