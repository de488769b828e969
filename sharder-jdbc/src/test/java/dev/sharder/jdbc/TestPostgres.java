package dev.sharder.jdbc;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.atomic.AtomicInteger;

/** A real PostgreSQL from a jar, started once for a test run and ended with it. */
public final class TestPostgres {

  private static final AtomicInteger NAMES = new AtomicInteger();

  private TestPostgres() {}

  /** Started when first asked for; the shutdown hook of its builder ends it. */
  private static final class Server {
    // As durable as a server is by default, which the builder's own defaults are not.
    static final EmbeddedPostgres RUNNING = start("on");
  }

  /** Another, which leaves it to the operating system when something reaches the disk. */
  private static final class ForgetfulServer {
    static final EmbeddedPostgres RUNNING = start("off");
  }

  private static EmbeddedPostgres start(String fsync) {
    try {
      return EmbeddedPostgres.builder()
          .setPort(FreePorts.next())
          .setServerConfig("max_connections", "400")
          .setServerConfig("fsync", fsync)
          .setServerConfig("synchronous_commit", "on")
          .start();
    } catch (IOException failure) {
      throw new UncheckedIOException("the embedded PostgreSQL did not start", failure);
    }
  }

  /** Creates an empty database and returns its JDBC URL, which names its user as well. */
  public static String newDatabase() {
    return newDatabase(Server.RUNNING);
  }

  /**
   * Creates one that a power failure could take back what it told: for whoever cuts connections or
   * kills programs many thousand times, and never the machine.
   */
  static String newForgetfulDatabase() {
    return newDatabase(ForgetfulServer.RUNNING);
  }

  private static String newDatabase(EmbeddedPostgres server) {
    String name = "test_" + NAMES.incrementAndGet();
    create(server, "DATABASE", name);
    return server.getJdbcUrl("postgres", name);
  }

  /**
   * Creates an empty schema in a database that others use too, and returns a JDBC URL for which all
   * tables are there. It is had a hundred times sooner than a database, which begins as a copy of
   * three hundred files.
   */
  public static String newSchema() {
    String name = "test_" + NAMES.incrementAndGet();
    create(Server.RUNNING, "SCHEMA", name);
    return Server.RUNNING.getJdbcUrl("postgres", "postgres") + "&currentSchema=" + name;
  }

  private static void create(EmbeddedPostgres server, String what, String name) {
    try (Connection connection = server.getPostgresDatabase().getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE %s %s".formatted(what, name));
    } catch (SQLException failure) {
      throw new IllegalStateException("%s %s was not created".formatted(what, name), failure);
    }
  }
}
