package dev.sharder.examples.hub.server;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.Sharder;
import dev.sharder.examples.hub.server.RunningHub.HubAnswer;
import dev.sharder.jdbc.JdbiAssignmentStore;
import dev.sharder.jdbc.TestPostgres;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Users and the hubs that are configured")
class HubPlacementTest extends LoggingServer {

  @Test
  void aFullSetOfHubsIs503AndSaysWhy() throws Exception {
    Path config = config("bins: [{name: hub-1, capacity: 1}]\n");
    try (RunningHub hub = RunningHub.start(sqlite(), config)) {
      assertThat(hub.get("/shard", "ada").status()).isEqualTo(302);
      HubAnswer full = hub.get("/shard", "bob");
      assertThat(full.status()).isEqualTo(503);
      assertThat(full.headers("Retry-After")).containsExactly("5");
      assertThat(full.body()).contains("no hub accepts new users now").doesNotContain("hub-1");
      assertThat(hub.get("/shard", "ada").status()).isEqualTo(302);
    }
    assertThat(rows(sqlite())).containsOnlyKeys("ada");
    assertThat(log.list)
        .extracting(ILoggingEvent::getFormattedMessage)
        .contains(
            "kind 'hub' has no open bin for 'bob': hub-1 is full (1 of 1); open one or add a bin");
  }

  @Test
  void aHubThatCameLaterUnderANameNoCookieCanCarryIs500AndSaysSo() throws Exception {
    try (RunningHub hub = RunningHub.start(sqlite(), "hub-1");
        HikariDataSource pool = new HikariDataSource()) {
      pool.setJdbcUrl(sqlite());
      try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool)) {
        Sharder.builder("hub", store).bins("hub 9").build().close();
      }
      HubAnswer answer = hub.get("/shard", "ada");
      assertThat(answer.status()).isEqualTo(500);
      assertThat(answer.body()).contains("contact the operator").doesNotContain("hub 9");
      assertThat(answer.headers("Set-Cookie")).isEmpty();
    }
    assertThat(log.list)
        .extracting(ILoggingEvent::getFormattedMessage)
        .anyMatch(line -> line.startsWith("bin 'hub 9' has a name that no cookie can carry"));
  }

  @Test
  void withoutAnyHubsItStartsWithThreeAndSaysSo() throws Exception {
    try (RunningHub hub = RunningHub.start(sqlite())) {
      assertThat(List.of(hub.cookie("a"), hub.cookie("b"), hub.cookie("c")))
          .containsExactly(
              "hub=hub-1" + RunningHub.COOKIE_ATTRIBUTES,
              "hub=hub-2" + RunningHub.COOKIE_ATTRIBUTES,
              "hub=hub-3" + RunningHub.COOKIE_ATTRIBUTES);
    }
    assertThat(log.list)
        .extracting(ILoggingEvent::getFormattedMessage)
        .contains("no hubs are configured, so the server starts with hub-1, hub-2, hub-3");
  }

  @Test
  void hubsInTheFileAndOnTheCommandLineCountTogetherAndThoseLeftOutAreCordoned() throws Exception {
    Path config = config("bins:\n- hub-1\n- {name: hub-2, weight: 2, labels: {gpu: 'yes'}}\n");
    RunningHub.start(sqlite(), config, "hub-3").close();
    try (RunningHub hub = RunningHub.start(sqlite(), "hub-2")) {
      assertThat(hub.cookie("ada")).startsWith("hub=hub-2;");
    }
    assertThat(log.list)
        .filteredOn(event -> event.getLevel() == Level.WARN)
        .extracting(ILoggingEvent::getFormattedMessage)
        .hasSize(1)
        .first()
        .asString()
        .startsWith("kind 'hub': bins [hub-1, hub-3] are no longer declared and were cordoned");
  }

  @Test
  void aHundredUsersOnTenHubsAreTenEachAndNinetyNineLeaveOneWithNine() throws Exception {
    try (RunningHub hub = RunningHub.start(sqlite(), hubs(10))) {
      askAtOnce(hub, "user", 99);
      assertThat(counts(rows(sqlite())).values())
          .containsExactlyInAnyOrder(10L, 10L, 10L, 10L, 10L, 10L, 10L, 10L, 10L, 9L);
      askAtOnce(hub, "last", 1);
    }
    assertThat(counts(rows(sqlite())).values()).hasSize(10).containsOnly(10L);
  }

  @Test
  void anOffsetOfTwoKeepsAHubTwoBehindOnPostgresToo() throws Exception {
    String database = TestPostgres.newDatabase();
    try (RunningHub hub = RunningHub.start(database, hubs(10))) {
      askAtOnce(hub, "user", 100);
    }
    StringBuilder bins = new StringBuilder("bins:\n- {name: hub-00, offset: 2}\n");
    IntStream.range(1, 10).forEach(i -> bins.append("- hub-%02d\n".formatted(i)));
    try (RunningHub hub = RunningHub.start(database, config(bins.toString()))) {
      askAtOnce(hub, "next", 18);
      Map<String, Long> uneven = counts(rows(database));
      assertThat(uneven.remove("hub-00")).isEqualTo(10);
      assertThat(uneven.values()).hasSize(9).containsOnly(12L);
      askAtOnce(hub, "last", 10);
    }
    Map<String, Long> even = counts(rows(database));
    assertThat(even.remove("hub-00")).isEqualTo(11);
    assertThat(even.values()).hasSize(9).containsOnly(13L);
  }

  @Test
  void whatAnOperatorChangesBesideTheServerTakesEffectAtOnceAndMovesWithinTheBound()
      throws Exception {
    try (RunningHub hub = RunningHub.start(sqlite(), "a", "b")) {
      assertThat(hub.cookie("ada")).startsWith("hub=a;");
      command("bin", "cordon", "b");
      assertThat(hub.cookie("bob")).startsWith("hub=a;");
      command("bin", "add", "c", "--weight", "9");
      assertThat(hub.cookie("cyd")).startsWith("hub=c;");

      command("move", "ada", "c");
      long moved = System.nanoTime();
      while (!hub.cookie("ada").startsWith("hub=c;")) {
        assertThat(Duration.ofNanos(System.nanoTime() - moved))
            .as("the bound is 1 s, and a busy machine has some more")
            .isLessThan(Duration.ofSeconds(5));
      }
    }
  }

  private void command(String... arguments) {
    RunningHub.command(sqlite(), arguments);
  }

  @Test
  void aRampKeepsANewHubFromSwallowingEveryNewcomer() throws Exception {
    RunningHub.start(sqlite(), "a", "b").close();
    try (RunningHub hub = RunningHub.start(sqlite(), "a", "b")) {
      askAtOnce(hub, "old", 40);
    }
    try (RunningHub hub = RunningHub.start(sqlite(), config("ramp: 0.5\n"), "a", "b", "new")) {
      askAtOnce(hub, "user", 20);
    }
    assertThat(counts(rows(sqlite()))).isEqualTo(Map.of("a", 25L, "b", 25L, "new", 10L));
  }

  private static void askAtOnce(RunningHub hub, String prefix, int count) throws Exception {
    ExecutorService browsers = Executors.newFixedThreadPool(16);
    try {
      List<Callable<Integer>> asks =
          IntStream.range(0, count)
              .<Callable<Integer>>mapToObj(i -> () -> hub.get("/shard", prefix + i).status())
              .toList();
      for (Future<Integer> asked : browsers.invokeAll(asks)) {
        assertThat(asked.get()).isEqualTo(302);
      }
    } finally {
      browsers.shutdownNow();
    }
  }

  private static String[] hubs(int count) {
    return IntStream.range(0, count).mapToObj("hub-%02d"::formatted).toArray(String[]::new);
  }

  private static Map<String, Long> counts(Map<String, String> rows) {
    Map<String, Long> counts = new TreeMap<>();
    rows.values().forEach(bin -> counts.merge(bin, 1L, Long::sum));
    return counts;
  }
}
