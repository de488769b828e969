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

  private static final AtomicInteger DATABASES = new AtomicInteger();

  private TestPostgres() {}

  /** Started when first asked for; the shutdown hook of its builder ends it. */
  private static final class Server {
    static final EmbeddedPostgres RUNNING = start();

    private static EmbeddedPostgres start() {
      try {
        // As durable as a server is by default, which the builder's own defaults are not.
        return EmbeddedPostgres.builder()
            .setServerConfig("max_connections", "400")
            .setServerConfig("fsync", "on")
            .setServerConfig("synchronous_commit", "on")
            .start();
      } catch (IOException failure) {
        throw new UncheckedIOException("the embedded PostgreSQL did not start", failure);
      }
    }
  }

  /** Creates an empty database and returns its JDBC URL, which names its user as well. */
  public static String newDatabase() {
    String name = "test_" + DATABASES.incrementAndGet();
    try (Connection connection = Server.RUNNING.getPostgresDatabase().getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE DATABASE " + name);
    } catch (SQLException failure) {
      throw new IllegalStateException("database " + name + " was not created", failure);
    }
    return Server.RUNNING.getJdbcUrl("postgres", name);
  }
}
