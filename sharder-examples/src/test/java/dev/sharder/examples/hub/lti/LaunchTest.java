package dev.sharder.examples.hub.lti;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sharder.examples.hub.cli.HubSharder;
import dev.sharder.examples.hub.config.SettingsException;
import dev.sharder.examples.hub.http.ErrorProblems;
import dev.sharder.examples.hub.proxy.Eventually;
import dev.sharder.examples.hub.server.CapturedLogLines;
import dev.sharder.examples.hub.server.RunningHub;
import dev.sharder.examples.hub.server.RunningHub.HubAnswer;
import dev.sharder.jdbc.TestPostgres;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Launches by LTI 1.1, over a socket, on real databases. */
@Timeout(120)
class LaunchTest {

  private static final SigningConsumer LMS = SigningConsumer.known();
  private static final String SETTINGS =
      "lti-url: "
          + SigningConsumer.URL
          + "\nlti-consumers: ['other:x', 'lms:s&cr=t']\nbins: [hub-1, hub-2]\n";

  @TempDir private Path folder;

  private String sqlite() {
    return "jdbc:sqlite:" + folder.resolve("sharder.db");
  }

  private RunningHub start(String... settings) throws IOException {
    return startOn(sqlite(), settings);
  }

  private RunningHub startOn(String database, String... settings) throws IOException {
    Path config = folder.resolve("sharder.yml");
    Files.writeString(config, SETTINGS + String.join("\n", settings));
    return RunningHub.start(database, config);
  }

  private static HubAnswer launch(RunningHub hub, String body) throws IOException {
    return SigningConsumer.post(hub.port(), "/lti/launch", body);
  }

  private static List<Map<String, Object>> rows(String database, String table) {
    return Jdbi.create(database)
        .withHandle(handle -> handle.createQuery("SELECT * FROM " + table).mapToMap().list());
  }

  private void assertNothingIsWritten() {
    assertThat(rows(sqlite(), "sharder_assignment")).isEmpty();
    assertThat(rows(sqlite(), "sharder_lti_launch")).isEmpty();
    assertThat(rows(sqlite(), "sharder_lti_nonce")).isEmpty();
  }

  @Test
  void aLaunchAssignsItsUserAndIsHandedOnToTheHub() throws Exception {
    try (RunningHub hub = start()) {
      HubAnswer ada = launch(hub, LMS.signed(LMS.launch("Ada")));
      assertThat(ada.status()).isEqualTo(200);
      assertThat(ada.header("X-Accel-Redirect")).isEqualTo("@launched");
      assertThat(ada.header("X-Sharder-Bin")).isEqualTo("hub-1");
      assertThat(ada.headers("Set-Cookie"))
          .containsExactly("hub=hub-1; Path=/; HttpOnly; SameSite=Lax");
      assertThat(ada.header("Cache-Control")).isEqualTo("no-store");
      assertThat(launch(hub, LMS.signed(LMS.launch("bob"))).header("X-Sharder-Bin"))
          .isEqualTo("hub-2");
      assertThat(launch(hub, LMS.signed(LMS.launch("ada"))).header("X-Sharder-Bin"))
          .isEqualTo("hub-1");
      assertThat(hub.get("/shard", "ada").header("Set-Cookie")).startsWith("hub=hub-1;");
    }
  }

  @Test
  void aFloodOfRefusedLaunchesIsLoggedInFewLines() throws Exception {
    try (CapturedLogLines log = CapturedLogLines.of(LtiLaunchHandler.class);
        RunningHub hub = start()) {
      for (int i = 0; i < 50; i++) {
        assertThat(launch(hub, "oauth_consumer_key=lms").status()).isNotEqualTo(200);
      }
      assertThat(log.lines()).isNotEmpty().hasSizeLessThan(25);
      assertThat(log.lines().get(0)).startsWith("refused a launch: ");
    }
  }

  @Test
  void theLatestLaunchOfAUserFromALinkIsKeptWithoutWhatSignsIt() throws Exception {
    try (RunningHub hub = start()) {
      Map<String, String> first = LMS.launch("ada");
      first.put("context_title", "old");
      launch(hub, LMS.signed(first));
      Map<String, String> second = LMS.launch("ada");
      launch(hub, LMS.signed(second));
      Map<String, String> elsewhere = LMS.launch("ada");
      elsewhere.put("resource_link_id", "link-2");
      launch(hub, LMS.signed(elsewhere));

      List<Map<String, Object>> kept = rows(sqlite(), "sharder_lti_launch");
      assertThat(kept)
          .extracting(
              row -> row.get("platform"), row -> row.get("user_name"), row -> row.get("link"))
          .containsExactlyInAnyOrder(tuple("lms", "ada", "link-1"), tuple("lms", "ada", "link-2"));
      JsonNode said = new ObjectMapper().readTree(kept.get(0).get("parameters").toString());
      second.keySet().removeIf(name -> name.startsWith("oauth_"));
      Map<String, String> texts = new TreeMap<>();
      said.fields().forEachRemaining(field -> texts.put(field.getKey(), field.getValue().asText()));
      assertThat(texts).isEqualTo(second);
    }
  }

  @Test
  void aParameterOfTheConfigurationNamesTheUser() throws Exception {
    try (RunningHub hub = start("lti-user: custom_login", "lowercase: false")) {
      Map<String, String> fields = LMS.launch("7");
      assertThat(launch(hub, LMS.signed(fields)).status()).isEqualTo(400);
      fields.put("custom_login", "Ada");
      assertThat(launch(hub, LMS.signed(fields)).status()).isEqualTo(200);
    }
    assertThat(rows(sqlite(), "sharder_assignment")).extracting("object").containsExactly("Ada");
  }

  @Test
  void theQueryOfTheLaunchIsSignedToo() throws Exception {
    try (RunningHub hub = start()) {
      Map<String, String> fields = LMS.launch("ada");
      fields.put("next", "/a b");
      String all = LMS.signed(fields);
      String body = all.replace("next=%2Fa+b&", "");
      assertThat(body).isNotEqualTo(all);
      assertThat(launch(hub, body).status()).isEqualTo(401);
      assertThat(SigningConsumer.post(hub.port(), "/lti/launch?next=/a%20b", body).status())
          .isEqualTo(200);
    }
  }

  static Stream<Map<String, String>> unprovenLaunches() {
    long now = Instant.now().getEpochSecond();
    return Stream.of(
        Map.of("oauth_timestamp", String.valueOf(now - 301)),
        Map.of("oauth_timestamp", String.valueOf(now + 360)),
        Map.of("oauth_timestamp", "now"),
        Map.of("oauth_timestamp", "-" + now),
        Map.of("oauth_consumer_key", "unknown"),
        Map.of("oauth_consumer_key", "other"));
  }

  @ParameterizedTest
  @MethodSource("unprovenLaunches")
  void aStaleLaunchAndOneOfAnotherConsumerIs401AndWritesNothing(Map<String, String> changed)
      throws Exception {
    try (RunningHub hub = start()) {
      Map<String, String> fields = LMS.launch("ada");
      fields.putAll(changed);
      assertRefused(launch(hub, LMS.signed(fields)), 401);
    }
    assertNothingIsWritten();
  }

  static Stream<Map<String, String>> malformedLaunches() {
    return Stream.of(
        Map.of("oauth_signature_method", "PLAINTEXT"),
        Map.of("oauth_version", "2.0"),
        Map.of("oauth_nonce", ""),
        Map.of("oauth_nonce", "n".repeat(256)),
        Map.of("resource_link_id", "a\0b"),
        Map.of("lti_message_type", "ContentItemSelectionRequest"),
        Map.of("lti_version", "LTI-2p0"),
        Map.of("user_id", ""),
        Map.of("user_id", " \u00a0"),
        Map.of("user_id", "$User.id"),
        Map.of("user_id", "a\r\nSet-Cookie: x"),
        Map.of("user_id", "u".repeat(256)));
  }

  @ParameterizedTest
  @MethodSource("malformedLaunches")
  void aLaunchThatSaysTooLittleOrTooMuchIs400AndWritesNothing(Map<String, String> changed)
      throws Exception {
    try (RunningHub hub = start()) {
      Map<String, String> fields = LMS.launch("ada");
      fields.putAll(changed);
      assertRefused(launch(hub, LMS.signed(fields)), 400);
    }
    assertNothingIsWritten();
  }

  @Test
  void everyChangeOfASignedLaunchIs401AndLeavesItsNonceToTheRightOne() throws Exception {
    try (RunningHub hub = start()) {
      Map<String, String> fields = LMS.launch("ada");
      String right = LMS.signed(fields);
      List<String> wrong = new ArrayList<>();
      wrong.add(right.replace("user_id=ada", "user_id=bob"));
      wrong.add(right + "&roles=Instructor");
      wrong.add(right.replace("lti_version=LTI-1p0", "lti_version=LTI-1p1"));
      wrong.add(right.replaceFirst("context_title=[^&]*&", ""));
      wrong.add(right.replaceFirst("oauth_signature=[^&]*", "oauth_signature=AAAA"));
      wrong.add(new SigningConsumer("lms", "guess", SigningConsumer.URL).signed(fields));
      wrong.add(
          new SigningConsumer("lms", LMS.secret(), "https://evil.example/hub/lti/launch")
              .signed(fields));
      wrong.add(
          new SigningConsumer("lms", LMS.secret(), "http://hub.example.org/hub/lti/launch")
              .signed(fields));
      for (String body : wrong) {
        assertThat(body).isNotEqualTo(right);
        assertRefused(launch(hub, body), 401);
      }
      assertRefused(launch(hub, right + "&user_id=ada"), 401);
      assertRefused(launch(hub, right + "&oauth_nonce=another"), 400);
      assertRefused(launch(hub, right.replaceFirst("oauth_signature=[^&]*&", "")), 400);
      assertRefused(launch(hub, right + "&x=%zz"), 400);
      assertNothingIsWritten();
      assertThat(launch(hub, right).status()).isEqualTo(200);
    }
  }

  @Test
  void aReplayIs401AfterARestartAndAtAnotherSharderToo() throws Exception {
    String body = LMS.signed(LMS.launch("ada"));
    try (RunningHub hub = start()) {
      assertThat(launch(hub, body).status()).isEqualTo(200);
      List<Map<String, Object>> kept = rows(sqlite(), "sharder_lti_launch");
      hub.get("/shard", "bob");
      assertRefused(launch(hub, body), 401);
      try (RunningHub another = start()) {
        assertRefused(launch(another, body), 401);
      }
      assertThat(rows(sqlite(), "sharder_lti_launch")).isEqualTo(kept);
    }
    assertThat(HubSharder.commandLine().execute("remove", "ada", "--yes", "--database", sqlite()))
        .isZero();
    try (RunningHub restarted = start()) {
      assertRefused(launch(restarted, body), 401);
    }
    assertThat(rows(sqlite(), "sharder_assignment")).extracting("object").containsExactly("bob");
  }

  @ParameterizedTest
  @ValueSource(strings = {"sqlite", "postgresql"})
  void ofOneLaunchAtTwoShardersAtOnceExactlyOneIsAccepted(String product) throws Exception {
    String database = product.equals("sqlite") ? sqlite() : TestPostgres.newDatabase();
    int clients = 8;
    ExecutorService browsers = Executors.newFixedThreadPool(clients);
    try (RunningHub one = startOn(database);
        RunningHub two = startOn(database)) {
      for (int round = 0; round < 20; round++) {
        String body = LMS.signed(LMS.launch("user-" + round));
        CyclicBarrier together = new CyclicBarrier(clients);
        List<Future<Integer>> answers = new ArrayList<>();
        for (int i = 0; i < clients; i++) {
          RunningHub hub = i % 2 == 0 ? one : two;
          answers.add(
              browsers.submit(
                  () -> {
                    together.await();
                    return launch(hub, body).status();
                  }));
        }
        List<Integer> statuses = new ArrayList<>();
        for (Future<Integer> answer : answers) {
          statuses.add(answer.get());
        }
        assertThat(statuses).as("round %d", round).containsOnlyOnce(200).containsOnly(200, 401);
      }
    } finally {
      browsers.shutdownNow();
    }
    assertThat(rows(database, "sharder_lti_nonce")).hasSize(20);
    assertThat(rows(database, "sharder_lti_launch")).hasSize(20);
  }

  @Test
  void aLaunchThatFindsNoHubOrNoDatabaseIs503AndMayBeTriedAgain() throws Exception {
    Map<String, String> fields = LMS.launch("ada");
    String body = LMS.signed(fields);
    try (RunningHub hub = start();
        CapturedLogLines log = CapturedLogLines.of(ErrorProblems.class)) {
      Jdbi database = Jdbi.create(sqlite());
      database.useHandle(handle -> handle.execute("ALTER TABLE sharder_lti_nonce RENAME TO away"));
      HubAnswer answer = launch(hub, body);
      assertRefused(answer, 503);
      assertThat(answer.headers("Retry-After")).containsExactly("5");
      assertThat(answer.body()).doesNotContain("sharder_lti");
      assertThat(log.lines()).anyMatch(line -> line.contains("no such table: sharder_lti_nonce"));
      database.useHandle(
          handle -> {
            handle.execute("ALTER TABLE away RENAME TO sharder_lti_nonce");
            handle.execute("UPDATE sharder_bin SET state = 'cordoned'");
          });
      assertRefused(launch(hub, body), 503);
      assertNothingIsWritten();
      database.useHandle(handle -> handle.execute("UPDATE sharder_bin SET state = 'open'"));
      assertThat(launch(hub, body).status()).isEqualTo(200);
    }
  }

  @Test
  void whileThePostgresIsAwayALaunchIs503AndIsRightOnceItIsBack() throws Exception {
    String url = TestPostgres.newDatabase();
    String name = url.replaceFirst(".*/", "").replaceFirst("\\?.*", "");
    Jdbi server = Jdbi.create(url.replace("/" + name, "/postgres"));
    String body = LMS.signed(LMS.launch("ada"));
    try (RunningHub hub = startOn(url)) {
      // The pool makes its connections while the hub answers, and one may come late.
      Eventually.await(
          () ->
              server.withHandle(
                  handle ->
                      handle
                          .select("SELECT count(*) FROM pg_stat_activity WHERE datname = ?", name)
                          .mapTo(Integer.class)
                          .one()),
          connections -> connections >= 4);
      server.useHandle(
          handle -> {
            handle.execute("ALTER DATABASE " + name + " ALLOW_CONNECTIONS false");
            handle.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ?", name);
          });
      assertRefused(launch(hub, body), 503);
      server.useHandle(
          handle -> handle.execute("ALTER DATABASE " + name + " ALLOW_CONNECTIONS true"));
      assertThat(rows(url, "sharder_assignment")).isEmpty();
      assertThat(launch(hub, body).status()).isEqualTo(200);
    }
  }

  @Test
  void aLaunchThatIsTooLargeIs413AndOneThatIsNoFormIs415() throws Exception {
    try (RunningHub hub = start()) {
      Map<String, String> fields = LMS.launch("ada");
      fields.put("ext_text", "x".repeat(200_000));
      assertThat(launch(hub, LMS.signed(fields)).status()).isEqualTo(200);
      for (int length : new int[] {256 * 1024 + 1, 900_000}) {
        assertThat(statusOfLarge(hub, length)).as("%d bytes", length).isEqualTo(413);
      }
      assertRefused(
          hub.ask("POST", "/lti/launch", "Content-Type: text/plain", "Content-Length: 0"), 415);
      HubAnswer get = hub.ask("GET", "/lti/launch");
      assertRefused(get, 405);
      assertThat(get.header("Allow")).isEqualTo("POST");
    }
  }

  /** By a client that goes on listening while it sends, and keeps its connection. */
  private static int statusOfLarge(RunningHub hub, int length) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d/lti/launch".formatted(hub.port())))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(HttpRequest.BodyPublishers.ofString("x=" + "y".repeat(length - 2)))
            .build();
    return HttpClient.newHttpClient()
        .send(request, HttpResponse.BodyHandlers.discarding())
        .statusCode();
  }

  @Test
  void nobodyLaunchesWhereNobodyIsConfiguredOrTrusted() throws Exception {
    String body = LMS.signed(LMS.launch("ada"));
    try (RunningHub hub = RunningHub.start(sqlite(), "hub-1")) {
      assertThat(launch(hub, body).status()).isEqualTo(404);
      assertThat(hub.ask("GET", "/lti/login").status()).isEqualTo(404);
    }
    try (RunningHub hub = start("trusted: [10.0.0.1]")) {
      assertThat(launch(hub, body).status()).isEqualTo(403);
      assertThat(hub.ask("GET", "/lti/login").status()).isEqualTo(403);
    }
    assertNothingIsWritten();
  }

  @Test
  void neitherSecretsNorWhatWasSentIsInTheLogOrTheAnswer() throws Exception {
    try (CapturedLogLines log = CapturedLogLines.of(LtiLaunchHandler.class)) {
      Map<String, String> fields = LMS.launch("mallory\nforged line");
      fields.put("oauth_consumer_key", "unknown\r\nX-Evil: 1");
      HubAnswer answer = refused(LMS.signed(fields));
      fields.put("oauth_consumer_key", "lms");
      HubAnswer wrong =
          refused(new SigningConsumer("lms", "guess", SigningConsumer.URL).signed(fields));
      assertThat(log.lines()).hasSize(2);
      for (String text : List.of(log.lines().toString(), answer.toString(), wrong.toString())) {
        assertThat(text).doesNotContain("mallory", "X-Evil", "s&cr=t", "guess");
      }
    }
  }

  /** Launches at a server of its own, which logs the first refusal in any case. */
  private HubAnswer refused(String body) throws IOException {
    try (RunningHub hub = start()) {
      HubAnswer answer = launch(hub, body);
      assertRefused(answer, 401);
      return answer;
    }
  }

  @Test
  void launchesWithoutAUrlOrADatabaseThatLastsAreRefusedAtTheStart() throws Exception {
    Path config = folder.resolve("sharder.yml");
    Files.writeString(config, "lti-consumers: ['a:b']\n");
    assertThatThrownBy(() -> RunningHub.start(sqlite(), config))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("lti-url is missing");
    assertThatThrownBy(() -> startOn("jdbc:sqlite::memory:"))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("a database that lasts");
  }

  private static void assertRefused(HubAnswer answer, int status) {
    assertThat(answer.status()).as(answer.body()).isEqualTo(status);
    assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
    assertThat(answer.headers("Set-Cookie")).isEmpty();
    assertThat(answer.headers("X-Accel-Redirect")).isEmpty();
  }
}
