package dev.sharder.examples.hub.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.examples.hub.server.RunningHub.HubAnswer;
import dev.sharder.jdbc.SilencingProxy;
import dev.sharder.jdbc.TestPostgres;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The server over a network that swallows what is sent, and over a database that takes no writes.
 */
@Timeout(180)
class SilentDatabaseTest {

  /** The bound of 1 s, and more for a machine that is busy with other tests. */
  private static final Duration BOUND = Duration.ofSeconds(4);

  @TempDir private Path folder;

  private static Duration since(long start) {
    return Duration.ofNanos(System.nanoTime() - start);
  }

  private static String hubOf(RunningHub hub, String user) throws IOException {
    HubAnswer answer = hub.get("/shard", user);
    assertThat(answer.status()).isEqualTo(302);
    return answer.header("Set-Cookie").split("[=;]")[1];
  }

  @Test
  @DisplayName("new users are placed and moves are seen although every connection went silent")
  void silentConnections() throws Exception {
    String database = TestPostgres.newSchema();
    try (SilencingProxy network = new SilencingProxy(database);
        RunningHub hub = RunningHub.start(network.url(), "hub-1", "hub-2")) {
      String before = hubOf(hub, "ada");
      for (int i = 0; i < 20; i++) {
        hubOf(hub, "ada");
      }
      network.silence();
      long silent = System.nanoTime();
      String goal = before.equals("hub-1") ? "hub-2" : "hub-1";
      RunningHub.command(database, "move", "ada", goal);
      long moved = System.nanoTime();
      while (!hubOf(hub, "ada").equals(goal)) {
        assertThat(since(moved)).isLessThan(BOUND);
      }
      hubOf(hub, "new-1");
      hubOf(hub, "new-2");
      // One check may itself meet a silent connection that no one has used since.
      while (hub.get("/readyz", "").status() != 200) {
        assertThat(since(silent)).isLessThan(Duration.ofSeconds(20));
      }
    }
  }

  @Test
  @DisplayName("a server that says nothing does not keep the next one in the URL from being used")
  void silentServer() throws Exception {
    String database = TestPostgres.newSchema();
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        RunningHub hub = RunningHub.start(withServerBefore(database, silent), "hub-1", "hub-2")) {
      hubOf(hub, "ada");
      assertThat(hub.get("/readyz", "").status()).isEqualTo(200);
    }
  }

  private static String withServerBefore(String database, ServerSocket server) {
    return database.replaceFirst("//", "//127.0.0.1:%d,".formatted(server.getLocalPort()));
  }

  @Test
  @DisplayName("while nothing is heard of the database, readyz says so; users follow the setting")
  void silentDatabase() throws Exception {
    String database = TestPostgres.newSchema();
    Path strict = Files.writeString(folder.resolve("strict.yml"), "stale-if-error: 0\n");
    try (SilencingProxy network = new SilencingProxy(database);
        RunningHub hub = RunningHub.start(network.url(), "hub-1", "hub-2");
        RunningHub exact = RunningHub.start(network.url(), strict)) {
      hub.remember("ada");
      exact.remember("ada");
      network.silenceAll();
      long silent = System.nanoTime();
      while (hub.get("/readyz", "").status() == 200) {
        assertThat(since(silent)).isLessThan(Duration.ofSeconds(20));
      }
      hubOf(hub, "ada");
      assertThat(exact.get("/shard", "ada").status()).isEqualTo(503);
      network.speak();
      while (hub.get("/readyz", "").status() != 200) {
        assertThat(since(silent))
            .as(hub.get("/readyz", "").body())
            .isLessThan(Duration.ofSeconds(60));
      }
      hubOf(exact, "ada");
    }
  }

  @Test
  @DisplayName(
      "a database that takes no writes is not ready, and is again as soon as it takes some")
  void readOnlyForAMoment() throws Exception {
    String url = TestPostgres.newDatabase();
    try (RunningHub hub = RunningHub.start(url, "hub-1")) {
      hubOf(hub, "ada");
      setReadOnly(url, "on");
      HubAnswer unready = hub.get("/readyz", "");
      while (unready.status() == 200) {
        // Again, for a connection that was being made.
        setReadOnly(url, "on");
        unready = hub.get("/readyz", "");
      }
      assertThat(unready.body()).contains("no new user can be placed");
      assertThat(hub.get("/shard", "new").status()).isEqualTo(503);
      hubOf(hub, "ada");
      setReadOnly(url, "off");
      hubOf(hub, "new");
      while (hub.get("/readyz", "").status() != 200) {
        Thread.onSpinWait();
      }
    }
  }

  /** For connections that begin now; and ends those there are. */
  private static void setReadOnly(String url, String value) throws SQLException {
    try (Connection connection = DriverManager.getConnection(url)) {
      String name = connection.getCatalog();
      connection.createStatement().execute("SET default_transaction_read_only = off");
      connection
          .createStatement()
          .execute(
              "ALTER DATABASE %s SET default_transaction_read_only = %s".formatted(name, value));
      if (value.equals("on")) {
        connection
            .createStatement()
            .execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    + " WHERE datname = current_database() AND pid <> pg_backend_pid()");
      }
    }
  }
}
