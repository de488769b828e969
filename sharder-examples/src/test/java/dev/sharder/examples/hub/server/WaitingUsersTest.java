package dev.sharder.examples.hub.server;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.spi.ILoggingEvent;
import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.examples.hub.server.RunningHub.HubAnswer;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Users who wait for the database or for the end of the server")
class WaitingUsersTest extends LoggingServer {

  @Test
  void whatTheDatabaseSaysIsForTheLogAndNotForTheUser() throws Exception {
    try (RunningHub hub = RunningHub.start(sqlite(), "hub-1");
        HikariDataSource pool = new HikariDataSource()) {
      pool.setJdbcUrl(sqlite());
      Jdbi.create(pool).useHandle(handle -> handle.execute("DROP TABLE sharder_assignment"));
      HubAnswer answer = hub.get("/shard", "ada");
      assertThat(answer.status()).isEqualTo(503);
      assertThat(answer.headers("Retry-After")).containsExactly("5");
      assertThat(answer.body()).doesNotContain("sharder_assignment");
    }
    assertThat(log.list)
        .extracting(ILoggingEvent::getFormattedMessage)
        .anyMatch(line -> line.contains("no such table: sharder_assignment"));
  }

  @Test
  void knownUsersAreAnsweredWhileNewcomersWaitForTheDatabase() throws Exception {
    try (RunningHub hub = RunningHub.start(sqlite(), "hub-1");
        HikariDataSource pool = new HikariDataSource()) {
      hub.get("/shard", "ada");
      pool.setJdbcUrl(sqlite());
      ExecutorService newUsers = Executors.newFixedThreadPool(60);
      try (Handle writer = Jdbi.open(pool)) {
        writer.execute("BEGIN IMMEDIATE");
        List<Future<Integer>> waiting = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
          String user = "new" + i;
          waiting.add(newUsers.submit(() -> hub.get("/shard", user).status()));
        }
        long start = System.nanoTime();
        for (int i = 0; i < 20; i++) {
          assertThat(hub.get("/shard", "ada").status()).isEqualTo(302);
        }
        // New users wait for up to 10 s.
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
        writer.execute("COMMIT");
        for (Future<Integer> answer : waiting) {
          assertThat(answer.get()).isEqualTo(302);
        }
      } finally {
        newUsers.shutdownNow();
      }
    }
  }

  @Test
  @DisplayName("a POST of a new user is answered however long the database takes")
  void patientPost() throws Exception {
    try (RunningHub hub = RunningHub.start(sqlite(), "hub-1");
        HikariDataSource pool = new HikariDataSource()) {
      pool.setJdbcUrl(sqlite());
      try (Handle writer = Jdbi.open(pool)) {
        writer.execute("BEGIN IMMEDIATE");
        String post =
            "POST /shard HTTP/1.1\r\nHost: x\r\nREMOTE_USER: ada\r\nContent-Length: 4\r\n"
                + "Connection: close\r\n\r\na=bc";
        assertThat(RunningHub.send(hub.port(), post).status()).isEqualTo(503);
        writer.execute("ROLLBACK");
      }
    }
  }

  @Test
  void closingFinishesWhatItBegan() throws Exception {
    closeWhileANewcomerWaits((hub, closing) -> assertThat(closing.isDone()).isFalse());
    assertThat(rows(sqlite())).containsOnlyKeys("ada");
  }

  @Test
  void whoComesWhileItFinishesIsToldToComeAgain() throws Exception {
    closeWhileANewcomerWaits(
        (hub, closing) -> {
          HubAnswer late = hub.ask("GET", "/healthz");
          while (late.status() == 200) {
            late = hub.ask("GET", "/healthz");
          }
          assertThat(late.status()).isEqualTo(503);
          assertThat(late.header("Retry-After")).isEqualTo("5");
          assertThat(late.header("Content-Type")).isEqualTo("application/problem+json");
          assertThat(late.body()).contains("\"status\":503").contains("is stopping");
        });
  }

  /** What is looked at meanwhile. */
  private interface Meanwhile {
    void look(RunningHub hub, Future<?> closing) throws IOException;
  }

  private void closeWhileANewcomerWaits(Meanwhile meanwhile) throws Exception {
    RunningHub hub = RunningHub.start(sqlite(), "hub-1");
    ExecutorService others = Executors.newFixedThreadPool(2);
    try (HikariDataSource pool = new HikariDataSource()) {
      pool.setJdbcUrl(sqlite());
      try (Handle writer = Jdbi.open(pool)) {
        writer.execute("BEGIN IMMEDIATE");
        Future<Integer> newUser = others.submit(() -> hub.get("/shard", "ada").status());
        while (hub.get("/shard/probe", "").status() != 401 || !isPlacing()) {
          Thread.onSpinWait();
        }
        Future<?> closing = others.submit(hub::close);
        meanwhile.look(hub, closing);
        writer.execute("COMMIT");
        assertThat(newUser.get()).isEqualTo(302);
        closing.get();
      }
    } finally {
      others.shutdownNow();
      hub.close();
    }
  }

  /** Whether a thread of the library is on its way to place somebody. */
  private static boolean isPlacing() {
    return Thread.getAllStackTraces().values().stream()
        .flatMap(Arrays::stream)
        .anyMatch(frame -> frame.getMethodName().equals("placeAndExpect"));
  }
}
