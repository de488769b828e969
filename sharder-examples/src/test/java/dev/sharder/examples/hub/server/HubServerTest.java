package dev.sharder.examples.hub.server;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.Sharder;
import dev.sharder.examples.hub.server.RunningHub.HubAnswer;
import dev.sharder.jdbc.JdbiAssignmentStore;
import dev.sharder.jdbc.TestPostgres;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** The hub sharder as nginx and curl see it: over a socket, on real databases. */
class HubServerTest {

  private static final String COOKIE = "; Path=/; HttpOnly; SameSite=Lax";

  @TempDir private Path folder;

  private final ListAppender<ILoggingEvent> log = new ListAppender<>();
  private final Logger logger = (Logger) LoggerFactory.getLogger("dev.sharder");

  @BeforeEach
  void listen() {
    log.start();
    logger.addAppender(log);
    logger.setLevel(Level.INFO);
    logger.setAdditive(false);
  }

  @AfterEach
  void stopListening() {
    logger.detachAppender(log);
    logger.setAdditive(true);
    logger.setLevel(null);
  }

  @Test
  void aUserGetsACookieAndIsSentBackAndKeepsTheHub() throws Exception {
    try (RunningHub hub = RunningHub.start(sqlite(), "hub-1", "hub-2")) {
      HubAnswer first = hub.get("/shard", "ada");
      assertThat(first.status()).isEqualTo(302);
      assertThat(first.headers("Set-Cookie")).containsExactly("hub=hub-1" + COOKIE);
      assertThat(first.headers("Location")).containsExactly("/");
      assertThat(first.headers("Cache-Control")).containsExactly("no-store");
      assertThat(hub.get("/shard", "bob").header("Set-Cookie")).isEqualTo("hub=hub-2" + COOKIE);
      assertThat(hub.get("/shard", "ada").header("Set-Cookie")).isEqualTo("hub=hub-1" + COOKIE);
    }
    try (RunningHub restarted = RunningHub.start(sqlite())) {
      assertThat(restarted.get("/shard", "bob").header("Set-Cookie")).startsWith("hub=hub-2;");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/shard                     | /",
        "/shard/                    | /",
        "/shard?a=1                 | /?a=1",
        "/shard/user/ada/lab        | /user/ada/lab",
        "/shard/a%2Fb%20c;v=1?x     | /a%2Fb%20c;v=1?x",
        "/shard/x?a=1&a=2&b=%26+%3D | /x?a=1&a=2&b=%26+%3D",
        "/shard/x?url=https://e/?q  | /x?url=https://e/?q",
        "/shard/%0d%0aSet-Cookie:x  | /%0d%0aSet-Cookie:x",
        "/shard/.x/..y/...?a=../b   | /.x/..y/...?a=../b",
        "/shard/shard/x             | /shard/x",
        "/shard/hub/user-redirect/git-pull?repo=https%3A%2F%2Fgithub.com%2Fa%2Fb&urlpath=lab%2Ftree%2Fb%2F&branch=main"
            + "| /hub/user-redirect/git-pull?repo=https%3A%2F%2Fgithub.com%2Fa%2Fb&urlpath=lab%2Ftree%2Fb%2F&branch=main",
        "/shard//evil.example       | /",
        "/shard///evil.example      | /",
        "/shard/\\evil.example      | /",
        "/shard/x\\y                | /",
      })
  void theRestOfThePathAndTheQueryComeBackByteForByteUnlessTheyLeadAway(
      String target, String location) throws Exception {
    try (RunningHub hub = RunningHub.start(sqlite(), "hub-1")) {
      HubAnswer answer = hub.get(target, "ada");
      assertThat(answer.status()).isEqualTo(302);
      assertThat(answer.headers("Location")).containsExactly(location);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/shard/..",
        "/shard/.",
        "/shard/../api/v1/me",
        "/shard/./x",
        "/shard/x/..?a=1",
        "/shard/%2e%2E/api/v1/me",
        "/shard/.%2e/x",
        "/shard/..%2fapi",
        "/shard/x%2F..%2fapi",
        "/shard/..%5Capi",
        "/shard/..\\api",
        "/shard/..;a=b/api",
        "/shard/..#x",
        "/auth/../shard",
        "/../shard",
        "/healthz/..",
        "/api/v1/../../shard",
        "/./readyz",
      })
  @DisplayName("a path with dot segments is refused before anything looks at it, however written")
  void dotSegments(String target) throws Exception {
    try (RunningHub hub = RunningHub.start(sqlite(), "hub-1")) {
      HubAnswer answer = hub.get(target, "ada");
      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.body()).contains("a segment '.' or '..'");
      assertThat(answer.headers("Set-Cookie")).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/user/ada/lab?a=1&a=2 | /user/ada/lab?a=1&a=2",
        "/a%2Fb?               | /a%2Fb?",
        "/shard                | /",
        "/shard/x?y            | /x?y",
        "/shardened            | /shardened",
        "//evil.example/       | /",
        "/\\evil.example       | /",
        "https://evil.example/ | /",
        "evil.example          | /",
        "/a b                  | /",
        "/user/x?y=../z        | /user/x?y=../z",
        "/user/../x            | /",
        "/a/%2e%2E//evil.example | /",
        "/shard/../x           | /",
      })
  void theOriginalUriWinsUnlessItLeadsAway(String original, String location) throws Exception {
    try (RunningHub hub = RunningHub.start(sqlite(), "hub-1")) {
      HubAnswer answer =
          hub.ask("GET", "/shard/other", "REMOTE_USER: ada", "X-Original-URI: " + original);
      assertThat(answer.headers("Location")).containsExactly(location);
    }
  }

  @Test
  void bytesOverAsciiInALinkComeBackAsTheyWere() throws Exception {
    try (RunningHub hub = RunningHub.start(sqlite(), "hub-1")) {
      HubAnswer answer = hub.ask("GET", "/shard", "REMOTE_USER: ada", "X-Original-URI: /josé?ü");
      assertThat(answer.headers("Location")).containsExactly(latin1("/josé?ü"));
      assertThat(hub.get("/shard/josé?ü", "ada").headers("Location"))
          .containsExactly(latin1("/josé?ü"));
    }
  }

  private static String latin1(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
  }

  @Test
  void aTemplateSendsTheUserToTheHubsOwnUrl() throws Exception {
    Path plain = config("location: https://{bin}/jupyter/hub\nbins: [hub-1.example.org]\n");
    try (RunningHub hub = RunningHub.start(sqlite(), plain)) {
      assertThat(hub.get("/shard/user/ada?x", "ada").headers("Location"))
          .containsExactly("https://hub-1.example.org/jupyter/hub");
    }
    Path withPath = config("location: https://{bin}.example.org{path}\nbins: [hub-1]\n");
    try (RunningHub hub = RunningHub.start("jdbc:sqlite::memory:", withPath)) {
      assertThat(hub.get("/shard/user/ada?x", "ada").headers("Location"))
          .containsExactly("https://hub-1.example.org/user/ada?x");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"X-Other: ada", "REMOTE_USER:", "REMOTE_USER:   ", "Remote-User: ada"})
  void whoIsNotNamedGets401AndNothingIsWritten(String header) throws Exception {
    try (RunningHub hub = RunningHub.start(sqlite(), "hub-1")) {
      HubAnswer answer = hub.ask("GET", "/shard", header);
      assertThat(answer.status()).isEqualTo(401);
      assertThat(answer.body())
          .startsWith(
              "{\"title\":\"Unauthorized\",\"status\":401,\"detail\":\"the header REMOTE_USER names"
                  + " no user; have nginx log the user in and set it")
          .contains("underscores_in_headers on;");
      assertThat(answer.headers("Set-Cookie")).isEmpty();
    }
    assertThat(rows(sqlite())).isEmpty();
  }

  @Test
  void userNamesAreLowercasedUnlessTheConfigurationSaysOtherwise() throws Exception {
    try (RunningHub hub = RunningHub.start(sqlite(), "hub-1", "hub-2", "hub-3")) {
      hub.get("/shard", "Ada");
      hub.get("/shard", "ADA");
      hub.get("/shard", "ÉLODIE");
    }
    assertThat(rows(sqlite())).containsOnlyKeys("ada", "élodie");
    Path config = config("lowercase: false\nbins: [hub-1]\n");
    String exact = "jdbc:sqlite:" + folder.resolve("exact.db");
    try (RunningHub hub = RunningHub.start(exact, config)) {
      hub.get("/shard", "Ada");
      hub.get("/shard", "ada");
    }
    assertThat(rows(exact)).containsOnlyKeys("Ada", "ada");
  }

  @Test
  void everyAssignmentIsOneLineInTheLog() throws Exception {
    try (RunningHub hub = RunningHub.start(sqlite(), "hub-1")) {
      log.list.clear();
      hub.get("/shard", "Ada");
      hub.get("/shard", "ada");
      hub.get("/shard", "mallory hub-9 in 0.000 ms for user eve");
    }
    assertThat(log.list).extracting(ILoggingEvent::getFormattedMessage).hasSize(3);
    assertThat(log.list.get(0).getFormattedMessage())
        .matches("new hub-1 in \\d+\\.\\d{3} ms for user ada");
    assertThat(log.list.get(1).getFormattedMessage())
        .matches("found hub-1 in \\d+\\.\\d{3} ms for user ada");
    assertThat(log.list.get(2).getFormattedMessage())
        .matches("new hub-1 in \\d+\\.\\d{3} ms for user mallory hub-9 in 0.000 ms for user eve");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\tb", "a\u0085b", "a\u2028b", "a\u2029b", "a\u009bb"})
  void aNameWithControlCharactersGets400AndOneLogLineThatShowsThemByNumber(String user)
      throws Exception {
    try (RunningHub hub = RunningHub.start(sqlite(), "hub-1")) {
      log.list.clear();
      HubAnswer answer = hub.get("/shard", user);
      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.headers("Set-Cookie")).isEmpty();
    }
    assertThat(log.list)
        .extracting(ILoggingEvent::getFormattedMessage)
        .singleElement()
        .asString()
        .matches("object name 'a\\\\u[0-9a-f]{4}b' has a control character.*");
    assertThat(rows(sqlite())).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\u0001b", "a\u007fb", "a\u001b[2Jb", "a\0b", "a\rb", "a\nb"})
  void aControlCharacterThatHttpForbidsGets400(String user) throws Exception {
    try (RunningHub hub = RunningHub.start(sqlite(), "hub-1")) {
      log.list.clear();
      assertThat(hub.get("/shard", user).status()).isEqualTo(400);
    }
    assertThat(log.list)
        .extracting(ILoggingEvent::getFormattedMessage)
        .allSatisfy(line -> assertThat(line).matches("[^\\p{Cntrl}]*"));
    assertThat(rows(sqlite())).isEmpty();
  }

  @Test
  void aHeaderThatComesTwiceOrIsNotUtf8OrIsTooLongGets400() throws Exception {
    try (RunningHub hub = RunningHub.start(sqlite(), "hub-1")) {
      HubAnswer twice = hub.ask("GET", "/shard", "REMOTE_USER: ada", "REMOTE_USER: eve");
      assertThat(twice.status()).isEqualTo(400);
      assertThat(twice.body()).contains("came 2 times");
      byte[] latin1 =
          "GET /shard HTTP/1.1\r\nHost: x\r\nREMOTE_USER: jos\u00e9\r\nConnection: close\r\n\r\n"
              .getBytes(StandardCharsets.ISO_8859_1);
      HubAnswer notUtf8 = RunningHub.send(hub.port(), latin1);
      assertThat(notUtf8.status()).isEqualTo(400);
      assertThat(notUtf8.body()).contains("is not UTF-8");
      assertThat(hub.get("/shard", "x".repeat(256)).status()).isEqualTo(400);
      assertThat(hub.get("/shard", "x".repeat(255)).status()).isEqualTo(302);
    }
    assertThat(rows(sqlite())).containsOnlyKeys("x".repeat(255));
  }

  @Test
  void aPostIsSentBackAsAPost() throws Exception {
    try (RunningHub hub = RunningHub.start(sqlite(), "hub-1")) {
      HubAnswer answer = hub.ask("POST", "/shard/lti", "REMOTE_USER: ada", "Content-Length: 0");
      assertThat(answer.status()).isEqualTo(307);
      assertThat(answer.headers("Location")).containsExactly("/lti");
      assertThat(hub.ask("HEAD", "/shard", "REMOTE_USER: ada").status()).isEqualTo(302);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"//", "/shardx", "/other", "http://evil.example/shard"})
  void whatIsNotBelowShardIs404(String target) throws Exception {
    try (RunningHub hub = RunningHub.start(sqlite(), "hub-1")) {
      assertThat(hub.get(target, "ada").status()).isEqualTo(404);
    }
    assertThat(rows(sqlite())).isEmpty();
  }

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

  @Test
  void withoutAnyHubsItStartsWithThreeAndSaysSo() throws Exception {
    try (RunningHub hub = RunningHub.start(sqlite())) {
      assertThat(List.of(cookieOf(hub, "a"), cookieOf(hub, "b"), cookieOf(hub, "c")))
          .containsExactly("hub=hub-1" + COOKIE, "hub=hub-2" + COOKIE, "hub=hub-3" + COOKIE);
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
      assertThat(cookieOf(hub, "ada")).startsWith("hub=hub-2;");
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
      assertThat(cookieOf(hub, "ada")).startsWith("hub=a;");
      command("bin", "cordon", "b");
      assertThat(cookieOf(hub, "bob")).startsWith("hub=a;");
      command("bin", "add", "c", "--weight", "9");
      assertThat(cookieOf(hub, "cyd")).startsWith("hub=c;");

      command("move", "ada", "c");
      long moved = System.nanoTime();
      while (!cookieOf(hub, "ada").startsWith("hub=c;")) {
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
  void whoeverIsNotTrustedIsRefusedAndLogged() throws Exception {
    try (RunningHub hub = RunningHub.start(sqlite(), config("trusted: [10.0.0.0/8]\n"), "a")) {
      for (String target : List.of("/shard", "/auth", "/elsewhere")) {
        HubAnswer answer = hub.get(target, "ada");
        assertThat(answer.status()).isEqualTo(403);
        assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
        assertThat(answer.body()).contains("\"status\":403", "go through it");
      }
      assertThat(rows(sqlite())).isEmpty();
    }
    assertThat(log.list)
        .filteredOn(event -> event.getLevel() == Level.WARN)
        .extracting(ILoggingEvent::getFormattedMessage)
        .isNotEmpty()
        .allMatch(line -> line.startsWith("refused 127.0.0.1,"));
    Path config = config("trusted: ['127.0.0.1', '::1']\n");
    try (RunningHub hub = RunningHub.start(sqlite(), config, "a")) {
      assertThat(cookieOf(hub, "ada")).startsWith("hub=a;");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0.0.0.0/0, true", "127.0.0.1/32, true", "127.0.0.0/31, true", "126.0.0.0/8, false",
    "::/0, false", "::1/128, false", "fd00::/8, false", "2001:db8::/32, false"
  })
  void aTrustedNetworkHoldsItsAddressesAndNoOther(String network, boolean isIn) throws Exception {
    try (RunningHub hub =
        RunningHub.start(sqlite(), config("trusted: ['" + network + "']\n"), "a")) {
      assertThat(hub.get("/auth", "ada").status()).isEqualTo(isIn ? 204 : 403);
    }
  }

  @Test
  void nginxIsToldTheHubOfEveryRequestByAHeaderAlone() throws Exception {
    try (RunningHub hub = RunningHub.start(sqlite(), "a", "b")) {
      for (int i = 0; i < 2; i++) {
        HubAnswer answer = hub.get("/auth", "ada");
        assertThat(answer.status()).isEqualTo(204);
        assertThat(answer.header("X-Sharder-Bin")).isEqualTo("a");
        assertThat(answer.headers("Set-Cookie")).isEmpty();
      }
      assertThat(hub.ask("GET", "/auth").status()).isEqualTo(401);
      assertThat(hub.get("/auth/x", "ada").status()).isEqualTo(404);
    }
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

  private static String cookieOf(RunningHub hub, String user) throws IOException {
    return hub.get("/shard", user).header("Set-Cookie");
  }

  private static String[] hubs(int count) {
    return IntStream.range(0, count).mapToObj("hub-%02d"::formatted).toArray(String[]::new);
  }

  private static Map<String, Long> counts(Map<String, String> rows) {
    Map<String, Long> counts = new TreeMap<>();
    rows.values().forEach(bin -> counts.merge(bin, 1L, Long::sum));
    return counts;
  }

  /** What is on record, by user, read past the library. */
  private static Map<String, String> rows(String database) {
    try (HikariDataSource pool = new HikariDataSource()) {
      pool.setJdbcUrl(database);
      Map<String, String> rows = new TreeMap<>();
      Jdbi.create(pool)
          .useHandle(
              handle ->
                  handle
                      .createQuery("SELECT object, bin FROM sharder_assignment WHERE kind = 'hub'")
                      .map((row, context) -> List.of(row.getString(1), row.getString(2)))
                      .forEach(row -> rows.put(row.get(0), row.get(1))));
      return rows;
    }
  }

  private String sqlite() {
    return "jdbc:sqlite:" + folder.resolve("sharder.db");
  }

  private Path config(String yaml) throws IOException {
    return Files.writeString(folder.resolve("sharder.yml"), yaml);
  }
}
