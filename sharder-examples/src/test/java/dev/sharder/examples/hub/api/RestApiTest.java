package dev.sharder.examples.hub.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sharder.examples.hub.access.Authorizer;
import dev.sharder.examples.hub.api.RunningApi.ApiAnswer;
import dev.sharder.examples.hub.server.CapturedLogLines;
import dev.sharder.examples.hub.server.HubServer;
import dev.sharder.examples.hub.server.RunningHub;
import dev.sharder.examples.hub.server.RunningHub.HubAnswer;
import dev.sharder.examples.hub.server.TestedDatabase;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the REST API promises, over HTTP, on real databases. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RestApiTest {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** A host name that anybody may ask by. */
  private static final String OWN = "Host: localhost";

  @TempDir private Path folder;

  private RunningApi start() throws Exception {
    return RunningApi.start(folder, TestedDatabase.SQLITE.newDatabase(folder));
  }

  @ParameterizedTest
  @EnumSource
  void anObjectOfAnyKindIsAssignedOnceAndStays(TestedDatabase product) throws Exception {
    try (RunningApi api = RunningApi.start(folder, product.newDatabase(folder))) {
      api.addBins("homedir", "nfs-1", "nfs-2");
      String ada = "/kinds/homedir/assignments/ada";
      assertThat(api.get(ada).status()).isEqualTo(404);
      ApiAnswer made = api.ask("PUT", ada, null);
      assertThat(made.status()).isEqualTo(201);
      assertThat(made.json().path("bin").asText()).isEqualTo("nfs-1");
      ApiAnswer found = api.ask("PUT", ada, "{\"size\": 7, \"group\": \"lab\"}", RunningApi.JSON);
      assertThat(found.status()).isEqualTo(200);
      assertThat((Object) ((ObjectNode) found.json()).put("isNew", true)).isEqualTo(made.json());
      assertThat((Object) ((ObjectNode) made.json()).without("isNew"))
          .isEqualTo(api.get(ada).json());
      assertThat(api.assign("homedir", "bob")).isEqualTo("nfs-2");
      assertThat(api.get("/kinds").json().toString())
          .isEqualTo("{\"kinds\":[\"homedir\",\"hub\"],\"lowercase\":[\"hub\"]}");
    }
  }

  @Test
  void usersOfNginxAndOfTheApiShareTheirHubs() throws Exception {
    try (RunningApi api = start()) {
      assertThat(api.hub().get("/auth", "ada").header("X-Sharder-Bin")).isEqualTo("hub-1");
      assertThat(api.assign("hub", "ada")).isEqualTo("hub-1");
      assertThat(api.assign("hub", "bob")).isEqualTo("hub-2");
      assertThat(api.hub().get("/auth", "bob").header("X-Sharder-Bin")).isEqualTo("hub-2");
      api.admin("POST", "/kinds/hub/assignments/bob/move", "{\"bin\": \"hub-1\"}");
      assertThat(api.hub().get("/auth", "bob").header("X-Sharder-Bin")).isEqualTo("hub-1");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a%2Fb         | a/b",
        "a%252Fb       | a%2Fb",
        "a+b           | a+b",
        "a%20b         | a b",
        "a;b=c         | a;b=c",
        "..a           | ..a",
        "%2F           | /",
        "x%2F          | x/",
        "jos%C3%A9     | josé",
        "%F0%9F%98%80  | 😀",
        "a%3Fb%23c     | a?b#c",
        "move          | move",
        "{object}      | {object}",
      })
  void aNameIsDecodedExactlyOnce(String path, String name) throws Exception {
    try (RunningApi api = start()) {
      HubAnswer answer = api.hub().ask("PUT", "/api/v1/kinds/hub/assignments/" + path, OWN);
      assertThat(answer.status()).as(answer.body()).isEqualTo(201);
      JsonNode listed = api.get("/kinds/hub/assignments").json().path("assignments");
      assertThat(listed).hasSize(1);
      assertThat(listed.path(0).path("object").asText()).isEqualTo(name);
      assertThat(
              api.hub()
                  .ask("GET", "/api/v1/kinds/hub/assignments/" + path + "/history", OWN)
                  .status())
          .isEqualTo(200);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "%FF, 400",
    "%ED%A0%80, 400",
    "%00, 422",
    "a%0Ab, 422",
    "%E2%80%AE, 422",
    "%20, 422",
    "'', 404",
    "a/, 404",
    "a//history, 404",
    "a/b, 404",
  })
  void whatIsNoNameIsRefusedAndNothingIsWritten(String path, int status) throws Exception {
    try (RunningApi api = start()) {
      HubAnswer answer = api.hub().ask("PUT", "/api/v1/kinds/hub/assignments/" + path, OWN);
      assertThat(answer.status()).as(answer.body()).isEqualTo(status);
      assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
      assertThat(api.loads("hub")).isEqualTo(Map.of("hub-1", 0L, "hub-2", 0L));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"%zz", "a%", "a%2"})
  void aPercentThatEncodesNothingIsRefused(String malformed) throws Exception {
    try (RunningApi api = start()) {
      String base = "/api/v1/kinds/hub/assignments";
      assertThat(api.hub().ask("PUT", base + "/" + malformed).status()).isEqualTo(400);
      assertThat(api.hub().ask("GET", base + "?prefix=" + malformed).status()).isEqualTo(400);
      assertThat(api.loads("hub")).isEqualTo(Map.of("hub-1", 0L, "hub-2", 0L));
    }
  }

  @Test
  void bytesOverAsciiThatNobodyEncodedAreUtf8() throws Exception {
    try (RunningApi api = start()) {
      String line = "PUT /api/v1/kinds/hub/assignments/josé HTTP/1.1\r\nHost: x\r\n";
      String request = line + "Connection: close\r\n\r\n";
      assertThat(RunningHub.send(api.hub().port(), request).status()).isEqualTo(201);
      assertThat(
              RunningHub.send(api.hub().port(), request.getBytes(StandardCharsets.ISO_8859_1))
                  .status())
          .isEqualTo(400);
    }
  }

  @ParameterizedTest
  @EnumSource
  void oneBadObjectOfManyFailsNoOther(TestedDatabase product) throws Exception {
    try (RunningApi api = RunningApi.start(folder, product.newDatabase(folder))) {
      api.addBins("homedir", "nfs-1");
      api.admin("PATCH", "/kinds/homedir/bins/nfs-1", "{\"capacity\": 2}");
      String roster = "{\"objects\": [\"ada\", \" \", \"bob\", \"ada\", \"eve\", \"\\ud83d\"]}";
      ApiAnswer reply = api.ask("POST", "/kinds/homedir/assignments", roster, RunningApi.JSON);
      List<String> answers = new ArrayList<>();
      for (JsonNode answer : reply.json().path("answers")) {
        answers.add(
            answer.path("object").asText()
                + " "
                + answer.path("assignment").path("isNew").asText()
                + answer.path("problem").path("status").asText());
      }
      assertThat(answers)
          .startsWith("ada true", "  422", "bob true", "ada false", "eve 503")
          .hasSize(6);
    }
  }

  @ParameterizedTest
  @EnumSource
  void tenThousandAreAssignedAtOnceAndEvenly(TestedDatabase product) throws Exception {
    try (RunningApi api = RunningApi.start(folder, product.newDatabase(folder))) {
      List<String> names = IntStream.range(0, 10_000).mapToObj(i -> "user-" + i).toList();
      ApiAnswer reply = post(api, names);
      assertThat(reply.status()).as(reply.body()).isEqualTo(200);
      assertThat(reply.json().path("answers")).hasSize(10_000);
      assertThat(api.loads("hub")).isEqualTo(Map.of("hub-1", 5_000L, "hub-2", 5_000L));
      List<String> more = new ArrayList<>(names);
      more.add("one too many");
      assertThat(post(api, more).status()).isEqualTo(422);
    }
  }

  private static ApiAnswer post(RunningApi api, List<String> names) throws Exception {
    String body = MAPPER.writeValueAsString(Map.of("objects", names));
    return api.ask("POST", "/kinds/hub/assignments", body, RunningApi.JSON);
  }

  @ParameterizedTest
  @EnumSource
  void pageAfterPageListsEverythingOnce(TestedDatabase product) throws Exception {
    try (RunningApi api = RunningApi.start(folder, product.newDatabase(folder))) {
      post(api, List.of("ab", "a", "a%/b", "a b", "😀", "aé", "b"));
      assertThat(pages(api, "", 2)).containsExactly("a", "a b", "a%/b", "ab", "aé", "b", "😀");
      assertThat(pages(api, "&prefix=a", 3)).containsExactly("a", "a b", "a%/b", "ab", "aé");
      assertThat(pages(api, "&prefix=a+", 1)).containsExactly("a b");
      assertThat(pages(api, "&bin=hub-1", 1))
          .hasSize(4)
          .doesNotContainAnyElementsOf(pages(api, "&bin=hub-2", 1));
      assertThat(pages(api, "&bin=hub-1&bin=hub-2", 5)).hasSize(7);
      assertThat(api.get("/kinds/hub/assignments?bin=nowhere").status()).isEqualTo(404);
      assertThat(api.get("/kinds/hub/assignments?prefix=a&after=b").status()).isEqualTo(422);
    }
  }

  private static List<String> pages(RunningApi api, String query, int limit) throws Exception {
    List<String> objects = new ArrayList<>();
    String after = "";
    while (true) {
      JsonNode page = api.get("/kinds/hub/assignments?limit=" + limit + query + after).json();
      assertThat(page.path("assignments").size()).isBetween(1, limit);
      page.path("assignments").forEach(one -> objects.add(one.path("object").asText()));
      if (page.path("next").isNull()) {
        return objects;
      }
      after = "&after=" + URLEncoder.encode(page.path("next").asText(), StandardCharsets.UTF_8);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aMoveIsACompareAndSetAndIsRecordedWithWhoAndWhy(TestedDatabase product) throws Exception {
    try (RunningApi api = RunningApi.start(folder, product.newDatabase(folder))) {
      api.assign("hub", "ada");
      String move = "/kinds/hub/assignments/ada/move";
      String first = "{\"bin\": \"hub-2\", \"version\": 1, \"reason\": \"closer to her data\"}";
      assertThat(api.admin("POST", move, first).json().path("version").asInt()).isEqualTo(2);
      ApiAnswer conflict = api.admin("POST", move, first.replace("hub-2", "hub-1"));
      assertThat(conflict.status()).isEqualTo(409);
      assertThat(conflict.detail()).contains("version 2").contains("hub-2");
      assertThat(api.admin("DELETE", "/kinds/hub/assignments/ada?version=1", null).status())
          .isEqualTo(409);
      ApiAnswer gone =
          api.admin("DELETE", "/kinds/hub/assignments/ada?version=2&reason=left+us", null);
      assertThat(gone.json().path("bin").asText()).isEqualTo("hub-2");
      assertThat(api.get("/kinds/hub/assignments/ada").status()).isEqualTo(404);
      JsonNode story = api.get("/kinds/hub/assignments/ada/history").json().path("changes");
      assertThat(texts(story, "what")).containsExactly("assigned", "moved", "removed");
      assertThat(texts(story, "actor")).containsExactly("sharder", "ada", "ada");
      assertThat(texts(story, "reason")).containsExactly("", "closer to her data", "left us");
    }
  }

  private static List<String> texts(JsonNode list, String field) {
    return StreamSupport.stream(list.spliterator(), false)
        .map(one -> one.path(field).asText())
        .toList();
  }

  @Test
  void aClosedBinTakesNobodyUnlessForced() throws Exception {
    try (RunningApi api = start()) {
      api.assign("hub", "ada");
      api.admin("PATCH", "/kinds/hub/bins/hub-2", "{\"state\": \"cordoned\"}");
      String move = "/kinds/hub/assignments/ada/move";
      assertThat(api.admin("POST", move, "{\"bin\": \"hub-2\"}").status()).isEqualTo(409);
      ApiAnswer forced = api.admin("POST", move, "{\"bin\": \"hub-2\", \"force\": true}");
      assertThat(forced.json().path("bin").asText()).isEqualTo("hub-2");
      JsonNode eve = api.get("/kinds/hub/assignments/eve/explain").json();
      assertThat(eve.path("wouldGet").asText()).isEqualTo("hub-1");
      assertThat(eve.path("others").path("hub-2").asText()).isEqualTo("is cordoned");
    }
  }

  @Test
  @DisplayName(
      "attributes of a request are matched with the labels of bins, if the settings say so")
  void attributes() throws Exception {
    String settings = "api-tokens: ['ada:" + RunningApi.TOKEN + "']\nmatch-labels: [region]\n";
    try (RunningApi api =
        RunningApi.start(folder, TestedDatabase.SQLITE.newDatabase(folder), settings)) {
      api.admin("PUT", "/kinds/tenant/bins/db-1", "{\"labels\": {\"region\": \"us\"}}");
      api.admin("PUT", "/kinds/tenant/bins/db-2", "{\"labels\": {\"region\": \"eu\"}}");
      String acme = "/kinds/tenant/assignments/acme";
      JsonNode explained = api.get(acme + "/explain?attribute=region=eu&attribute=a=b").json();
      assertThat(explained.path("wouldGet").asText()).isEqualTo("db-2");
      assertThat(explained.path("others").path("db-1").asText())
          .isEqualTo("lacks the label region=eu");
      assertThat(api.get(acme + "/explain?attribute=region").detail()).contains("'region'");
      assertThat(api.ask("PUT", acme, null).detail())
          .contains("db-1 needs the attribute 'region' in the request");
      String eu = "{\"attributes\": {\"region\": \"eu\"}}";
      assertThat(api.ask("PUT", acme, eu, RunningApi.JSON).json().path("bin").asText())
          .isEqualTo("db-2");
      String none = "{\"attributes\": {\"region\": null}}";
      assertThat(api.ask("PUT", acme, none, RunningApi.JSON).status()).isEqualTo(400);
      assertThat(api.hub().get("/auth", "bob").status()).isEqualTo(204);
    }
  }

  @Test
  void aPatchChangesWhatItSaysAndAPutMakesTheWhole() throws Exception {
    try (RunningApi api = start()) {
      String bin = "/kinds/hub/bins/hub-1";
      String whole =
          "{\"weight\": 2, \"offset\": 3, \"capacity\": 4, \"labels\": {\"a\": \"1\", \"b\": \"2\"}}";
      api.admin("PATCH", bin, "{\"state\": \"cordoned\"}");
      api.admin("PUT", bin, whole);
      JsonNode made = api.get(bin).json();
      assertThat(made.path("state").asText()).isEqualTo("cordoned");
      assertThat(made.path("refusal").asText()).isEqualTo("is cordoned");
      assertThat(made.path("load").asInt()).isEqualTo(3);
      assertThat(made.path("share").asDouble()).isEqualTo(100.0);
      ApiAnswer patched =
          api.admin("PATCH", bin, "{\"capacity\": null, \"labels\": {\"a\": null, \"c\": \"3\"}}");
      assertThat(patched.json().path("capacity").isNull()).isTrue();
      assertThat(patched.json().path("labels").toString()).isEqualTo("{\"b\":\"2\",\"c\":\"3\"}");
      assertThat(patched.json().path("weight").asInt()).isEqualTo(2);
      JsonNode plain = api.admin("PUT", bin, "{\"state\": \"open\"}").json();
      assertThat(plain.path("weight").asInt()).isEqualTo(1);
      assertThat(plain.path("labels")).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource
  void aPlanIsAppliedPieceByPieceUntilNothingIsLeft(TestedDatabase product) throws Exception {
    try (RunningApi api = RunningApi.start(folder, product.newDatabase(folder))) {
      post(api, IntStream.range(0, 50).mapToObj(i -> "user-" + i).toList());
      api.admin("PATCH", "/kinds/hub/bins/hub-1", "{\"state\": \"draining\"}");
      api.addBins("hub", "hub-3");
      JsonNode plan = api.admin("POST", "/kinds/hub/plans", "{\"drain\": \"hub-1\"}").json();
      assertThat(plan.path("moves").asInt()).isEqualTo(25);
      assertThat(api.loads("hub").get("hub-1")).isEqualTo(25);
      List<Integer> left = new ArrayList<>();
      while (left.isEmpty() || left.get(left.size() - 1) > 0) {
        ApiAnswer piece = api.admin("POST", "/kinds/hub/plans/apply", piece(plan, 10));
        assertThat(piece.status()).as(piece.body()).isEqualTo(200);
        assertThat(piece.json().path("skipped").asInt()).isZero();
        left.add(piece.json().path("left").asInt());
        plan = piece.json().path("plan");
      }
      assertThat(left).containsExactly(15, 5, 0);
      assertThat(api.loads("hub")).isEqualTo(Map.of("hub-1", 0L, "hub-2", 25L, "hub-3", 25L));
    }
  }

  private static String piece(JsonNode plan, int limit) {
    ObjectNode piece = MAPPER.createObjectNode();
    piece.set("plan", plan);
    return piece.put("limit", limit).toString();
  }

  @ParameterizedTest
  @EnumSource
  void aPieceThatIsSentAgainOrAfterAnotherChangeMovesNobody(TestedDatabase product)
      throws Exception {
    try (RunningApi api = RunningApi.start(folder, product.newDatabase(folder))) {
      post(api, IntStream.range(0, 20).mapToObj(i -> "user-" + i).toList());
      api.addBins("hub", "hub-3");
      JsonNode plan = api.admin("POST", "/kinds/hub/plans", "{\"rebalance\": {}}").json();
      ApiAnswer done = api.admin("POST", "/kinds/hub/plans/apply", piece(plan, 2));
      assertThat(done.json().path("moved").asInt()).isEqualTo(2);
      Map<String, Long> loads = api.loads("hub");
      assertThat(api.admin("POST", "/kinds/hub/plans/apply", piece(plan, 2)).status())
          .isEqualTo(409);
      api.admin("PATCH", "/kinds/hub/bins/hub-2", "{\"weight\": 9}");
      assertThat(
              api.admin("POST", "/kinds/hub/plans/apply", piece(done.json().path("plan"), 2))
                  .status())
          .isEqualTo(409);
      assertThat(api.loads("hub")).isEqualTo(loads);
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("older changes come by pages, of some bins and actors only if so requested")
  void olderChanges(TestedDatabase product) throws Exception {
    try (RunningApi api = RunningApi.start(folder, product.newDatabase(folder))) {
      api.addBins("hub", "hub-3");
      for (String state : List.of("cordoned", "draining", "open", "cordoned", "open")) {
        api.admin("PATCH", "/kinds/hub/bins/hub-1", "{\"state\": \"%s\"}".formatted(state));
      }
      api.assign("hub", "ada");
      api.admin("POST", "/kinds/hub/assignments/ada/move", "{\"bin\": \"hub-3\"}");
      assertThat(older(api, "", 2))
          .containsExactly(
              "moved",
              "bin-opened",
              "bin-cordoned",
              "bin-opened",
              "bin-draining",
              "bin-cordoned",
              "bin-added",
              "bin-added",
              "bin-added");
      assertThat(older(api, "&bin=hub-3", 1)).containsExactly("moved", "bin-added");
      assertThat(older(api, "&bin=hub-2&bin=hub-3", 9))
          .containsExactly("moved", "bin-added", "bin-added");
      assertThat(older(api, "&actor=ada", 3))
          .containsExactly(
              "moved",
              "bin-opened",
              "bin-cordoned",
              "bin-opened",
              "bin-draining",
              "bin-cordoned",
              "bin-added");
      assertThat(older(api, "&actor=no+one", 3)).isEmpty();
      JsonNode forward = api.get("/kinds/hub/changes?after=3&limit=2&bin=hub-3").json();
      assertThat(forward.path("changes")).isEmpty();
      assertThat(forward.path("next").asInt()).isEqualTo(5);
    }
  }

  /** Returns what all changes did, the newest first, read by pages. */
  private static List<String> older(RunningApi api, String query, int limit) throws Exception {
    List<String> changes = new ArrayList<>();
    long before = 1_000_000_000_000L;
    while (before > 0) {
      String path = "/kinds/hub/changes?limit=%d&before=%d%s".formatted(limit, before, query);
      JsonNode page = api.get(path).json();
      List<String> what = new ArrayList<>(texts(page.path("changes"), "what"));
      Collections.reverse(what);
      changes.addAll(what);
      assertThat(page.path("next").asLong()).isLessThan(before);
      before = page.path("next").asLong();
    }
    return changes;
  }

  @Test
  @DisplayName("older assignments of this server come by pages, of some bins only if so requested")
  void olderAssignments() throws Exception {
    try (RunningApi api = start()) {
      post(api, List.of("a", "b", "c", "d", "e"));
      JsonNode page = api.get("/kinds/hub/newest?limit=2&before=1000000000000").json();
      assertThat(texts(page.path("assignments"), "object")).containsExactly("d", "e");
      page = api.get("/kinds/hub/newest?limit=9&before=" + page.path("next").asLong()).json();
      assertThat(texts(page.path("assignments"), "object")).containsExactly("a", "b", "c");
      assertThat(page.path("next").asLong()).isZero();
      page = api.get("/kinds/hub/newest?bin=hub-2").json();
      assertThat(texts(page.path("assignments"), "object")).containsExactly("b", "d");
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("the status says whether new objects can be placed, why not, and how many were")
  void status(TestedDatabase product) throws Exception {
    try (RunningApi api = RunningApi.start(folder, product.newDatabase(folder))) {
      post(api, List.of("a", "b", "c"));
      JsonNode status = api.get("/kinds/hub/status").json();
      assertThat(status.path("placing").toString()).isEqualTo("{\"works\":true,\"detail\":null}");
      assertThat(status.path("database").path("works").asBoolean()).isTrue();
      assertThat(status.path("watcher").path("works").asBoolean()).isTrue();
      assertThat(status.has("replica")).isFalse();
      long made = 0;
      for (JsonNode minute : status.path("newPerMinute")) {
        made += minute.asLong();
      }
      assertThat(made).isEqualTo(3);
      for (String bin : List.of("hub-1", "hub-2")) {
        api.admin("PATCH", "/kinds/hub/bins/" + bin, "{\"state\": \"cordoned\"}");
      }
      assertThat(api.get("/kinds/hub/status").json().path("placing").path("detail").asText())
          .isEqualTo("hub-1 is cordoned, hub-2 is cordoned");
      api.admin("PUT", "/kinds/tenant/bins/db-1", "{\"capacity\": 0}");
      JsonNode tenants = api.get("/kinds/tenant/status").json();
      assertThat(tenants.path("placing").path("detail").asText())
          .isEqualTo("db-1 is full (0 of 0)");
      assertThat(tenants.has("watcher")).isFalse();
    }
  }

  @ParameterizedTest
  @EnumSource
  void twoWhoDrainOneBinAtOnceMoveNobodyTwice(TestedDatabase product) throws Exception {
    try (RunningApi api = RunningApi.start(folder, product.newDatabase(folder))) {
      List<String> names = IntStream.range(0, 60).mapToObj(i -> "user-" + i).toList();
      post(api, names);
      api.addBins("hub", "hub-3");
      api.admin("PATCH", "/kinds/hub/bins/hub-1", "{\"state\": \"draining\"}");
      CompletableFuture<Long> one = CompletableFuture.supplyAsync(() -> drain(api));
      CompletableFuture<Long> other = CompletableFuture.supplyAsync(() -> drain(api));
      assertThat(one.join() + other.join()).isEqualTo(30);
      assertThat(api.loads("hub")).isEqualTo(Map.of("hub-1", 0L, "hub-2", 30L, "hub-3", 30L));
      for (JsonNode listed : api.get("/kinds/hub/assignments").json().path("assignments")) {
        assertThat(listed.path("version").asInt()).isLessThanOrEqualTo(2);
      }
    }
  }

  /** Plans and applies as any client would, until the bin is empty; returns how many it moved. */
  private static long drain(RunningApi api) {
    long moved = 0;
    try {
      while (true) {
        JsonNode plan = api.admin("POST", "/kinds/hub/plans", "{\"drain\": \"hub-1\"}").json();
        if (plan.path("moves").asInt() == 0) {
          return moved;
        }
        ApiAnswer done = api.admin("POST", "/kinds/hub/plans/apply", piece(plan, 7));
        assertThat(done.status()).as(done.body()).isIn(200, 409);
        moved += done.json().path("moved").asLong();
      }
    } catch (Exception failure) {
      throw new IllegalStateException(failure);
    }
  }

  @Test
  void aGroupIsOneUnitOfAPlanAndWhoIsNotThereIsSkipped() throws Exception {
    try (RunningApi api = start()) {
      for (String object : List.of("ada", "bob", "eve")) {
        String wanted = "{\"size\": 2, \"group\": \"lab\"}";
        api.ask("PUT", "/kinds/hub/assignments/" + object, wanted, RunningApi.JSON);
      }
      JsonNode plan = api.admin("POST", "/kinds/hub/plans", "{\"drain\": \"hub-1\"}").json();
      assertThat(plan.path("flows").toString())
          .isEqualTo("[{\"from\":\"hub-1\",\"to\":\"hub-2\",\"size\":6,\"units\":1}]");
      ((ObjectNode) plan.path("flows").path(0)).put("units", 3);
      JsonNode done = api.admin("POST", "/kinds/hub/plans/apply", piece(plan, 1_000)).json();
      assertThat(done.path("moved").asInt()).isEqualTo(1);
      assertThat(done.path("skipped").asInt()).isEqualTo(2);
      assertThat(done.path("left").asInt()).isZero();
      assertThat(api.loads("hub")).isEqualTo(Map.of("hub-1", 0L, "hub-2", 6L));
    }
  }

  @ParameterizedTest
  @EnumSource
  void theFeedTellsAChangeAsItIsMadeAndNothingTwice(TestedDatabase product) throws Exception {
    try (RunningApi api = RunningApi.start(folder, product.newDatabase(folder))) {
      api.assign("hub", "ada");
      JsonNode all = api.get("/kinds/hub/changes?wait=30").json();
      assertThat(texts(all.path("changes"), "what")).containsExactly("bin-added", "bin-added");
      String next = "/kinds/hub/changes?after=" + all.path("next").asLong();
      assertThat(api.get(next).json().path("next")).isEqualTo(all.path("next"));
      long begin = System.nanoTime();
      CompletableFuture<ApiAnswer> waiting =
          CompletableFuture.supplyAsync(() -> quietly(api, next));
      api.admin("POST", "/kinds/hub/assignments/ada/move", "{\"bin\": \"hub-2\"}");
      JsonNode page = waiting.join().json();
      assertThat(texts(page.path("changes"), "what")).containsExactly("moved");
      assertThat(System.nanoTime() - begin).isLessThan(15_000_000_000L);
      ApiAnswer empty = api.get("/kinds/hub/changes?wait=1&after=" + page.path("next").asLong());
      assertThat(empty.json().path("changes")).isEmpty();
    }
  }

  @Test
  void changesThatTheFilterLeavesOutAreAnsweredAtOnceSoThatTheNextRequestGoesOnAfterThem()
      throws Exception {
    try (RunningApi api = start()) {
      long after = api.get("/kinds/hub/changes?latest=0").json().path("next").asLong();
      for (int offset = 1; offset <= 3; offset++) {
        api.admin("PATCH", "/kinds/hub/bins/hub-1", "{\"offset\": %d}".formatted(offset));
      }
      long begin = System.nanoTime();
      JsonNode page = api.get("/kinds/hub/changes?wait=25&bin=hub-2&after=" + after).json();
      assertThat(System.nanoTime() - begin).isLessThan(15_000_000_000L);
      assertThat(page.path("changes")).isEmpty();
      assertThat(page.path("next").asLong()).isGreaterThan(after);
    }
  }

  private static ApiAnswer quietly(RunningApi api, String path) {
    try {
      return api.get(path + "&wait=30");
    } catch (Exception failure) {
      throw new IllegalStateException(failure);
    }
  }

  @Test
  void whoeverWaitsForAChangeKeepsNoServerFromEndingAndIsAnswered() throws Exception {
    CompletableFuture<ApiAnswer> waiting;
    long begin;
    try (RunningApi api = start()) {
      waiting = CompletableFuture.supplyAsync(() -> quietly(api, "/kinds/hub/changes?after=2"));
      // One who waits as well, and came later, has been answered: so the first one waits.
      api.get("/kinds/hub/changes?after=2&wait=1");
      begin = System.nanoTime();
    }
    assertThat(System.nanoTime() - begin).isLessThan(8_000_000_000L);
    assertThat(waiting.join().json().path("changes")).isEmpty();
  }

  @Test
  void withoutATokenNothingIsChangedAndTheAnswerSaysWhichKeyWouldAllowIt() throws Exception {
    String database = TestedDatabase.SQLITE.newDatabase(folder);
    try (RunningApi api = RunningApi.start(folder, database, "lowercase: true\n");
        CapturedLogLines log = CapturedLogLines.of(HubServer.class)) {
      ApiAnswer off = api.admin("PUT", "/kinds/hub/bins/hub-3", "{\"weight\": 2}");
      assertThat(off.status()).isEqualTo(403);
      assertThat(off.detail()).contains("'api-tokens'").contains("'api-token-file'");
      assertThat(log.lines()).isEmpty();
      assertThat(api.get("/kinds/hub/bins/hub-3").status()).isEqualTo(404);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Bearer wrong",
        "Bearer ",
        "Bearer 0123456789abcdefghijABCDEFGHIJ-._~+",
        "Basic 0123456789abcdefghijABCDEFGHIJ-._~+/",
        "0123456789abcdefghijABCDEFGHIJ-._~+/",
        "Bearer ada:0123456789abcdefghijABCDEFGHIJ-._~+/",
      })
  void aWrongTokenIsRefusedAndLoggedWithoutItself(String authorization) throws Exception {
    try (RunningApi api = start();
        CapturedLogLines log = CapturedLogLines.of(Authorizer.class)) {
      ApiAnswer refused =
          api.ask("DELETE", "/kinds/hub/assignments/ada", null, "Authorization: " + authorization);
      assertThat(refused.status()).isEqualTo(401);
      assertThat(refused.header("WWW-Authenticate")).isEqualTo("Bearer realm=\"sharder\"");
      assertThat(String.join("\n", log.lines()) + refused.body())
          .doesNotContain("wrong1")
          .doesNotContain("abcdefghij");
    }
  }

  @Test
  void aStrangerMayDoEverythingWithATokenAndNothingWithout() throws Exception {
    String settings = "trusted: [10.0.0.1]\napi-tokens: [" + RunningApi.TOKEN + "]\n";
    try (RunningApi api =
        RunningApi.start(folder, TestedDatabase.SQLITE.newDatabase(folder), settings)) {
      ApiAnswer refused = api.ask("PUT", "/kinds/hub/assignments/ada", null);
      assertThat(refused.status()).isEqualTo(401);
      assertThat(refused.header("WWW-Authenticate")).isNotEmpty();
      assertThat(api.admin("PUT", "/kinds/hub/assignments/ada", null).status()).isEqualTo(201);
      api.admin("DELETE", "/kinds/hub/assignments/ada", null);
      ApiAnswer story = api.get("/kinds/hub/assignments/ada/history", RunningApi.HOLDER);
      assertThat(texts(story.json().path("changes"), "actor")).endsWith("api");
      assertThat(api.hub().get("/shard", "ada").status()).isEqualTo(403);
    }
  }

  @Test
  void tokensMayStandInAFileOfTheirOwn() throws Exception {
    Path tokens = folder.resolve("tokens");
    Files.writeString(tokens, "# of the night shift\n\nbob:" + RunningApi.TOKEN + "\n");
    String settings = "api-token-file: " + tokens + "\n";
    String database = TestedDatabase.SQLITE.newDatabase(folder);
    try (RunningApi api = RunningApi.start(folder, database, settings)) {
      api.addBins("homedir", "nfs-1");
      JsonNode changes = api.get("/kinds/homedir/changes").json().path("changes");
      assertThat(texts(changes, "actor")).containsExactly("bob");
    }
  }

  @Test
  void aBodyWithAFieldTwiceOrInAnotherEncodingIsRefused() throws Exception {
    try (RunningApi api = start()) {
      String twice = "{\"size\": 1, \"size\": 2}";
      assertThat(api.ask("PUT", "/kinds/hub/assignments/ada", twice, RunningApi.JSON).status())
          .isEqualTo(400);
      String latin = "PUT /api/v1/kinds/hub/assignments/ada HTTP/1.1\r\nHost: x\r\n";
      String body = "{\"group\": \"josé\"}";
      String head = latin + RunningApi.JSON + "\r\nConnection: close\r\nContent-Length: ";
      byte[] request =
          (head + body.length() + "\r\n\r\n" + body).getBytes(StandardCharsets.ISO_8859_1);
      assertThat(RunningHub.send(api.hub().port(), request).status()).isEqualTo(400);
      assertThat(api.loads("hub")).isEqualTo(Map.of("hub-1", 0L, "hub-2", 0L));
    }
  }

  @Test
  void aHubWhoseNameNoCookieCanCarryIsNotAdded() throws Exception {
    try (RunningApi api = start()) {
      ApiAnswer refused = api.admin("PUT", "/kinds/hub/bins/hub%203", null);
      assertThat(refused.status()).isEqualTo(422);
      assertThat(refused.detail()).contains("'hub 3'").contains("cookie");
      api.addBins("homedir", "nfs%203");
      assertThat(api.get("/kinds/hub/bins").json().path("bins")).hasSize(2);
    }
  }

  @Test
  void aBodyThatIsTooLargeIsRefusedHoweverItComes() throws Exception {
    try (RunningApi api = start()) {
      String large = " ".repeat(1024 * 1024 + 1);
      ApiAnswer known = api.ask("POST", "/kinds/hub/assignments", large, RunningApi.JSON);
      assertThat(known.status()).isEqualTo(413);
      String head =
          "POST /api/v1/kinds/hub/assignments HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
              + "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
      String chunk = "%x\r\n%s\r\n0\r\n\r\n".formatted(large.length(), large);
      assertThat(RunningHub.send(api.hub().port(), head + chunk).status()).isEqualTo(413);
    }
  }
}
