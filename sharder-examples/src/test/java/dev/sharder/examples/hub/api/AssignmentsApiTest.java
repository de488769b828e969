package dev.sharder.examples.hub.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sharder.examples.hub.api.RunningApi.ApiAnswer;
import dev.sharder.examples.hub.server.RunningHub;
import dev.sharder.examples.hub.server.RunningHub.HubAnswer;
import dev.sharder.examples.hub.server.TestedDatabase;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Assignments over the REST API")
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AssignmentsApiTest {

  /** A host name that anybody may ask by. */
  private static final String OWN = "Host: localhost";

  @TempDir private Path folder;

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
    try (RunningApi api = RunningApi.onSqlite(folder)) {
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
    try (RunningApi api = RunningApi.onSqlite(folder)) {
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
    try (RunningApi api = RunningApi.onSqlite(folder)) {
      HubAnswer answer = api.hub().ask("PUT", "/api/v1/kinds/hub/assignments/" + path, OWN);
      assertThat(answer.status()).as(answer.body()).isEqualTo(status);
      assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
      assertThat(api.loads("hub")).isEqualTo(Map.of("hub-1", 0L, "hub-2", 0L));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"%zz", "a%", "a%2"})
  void aPercentThatEncodesNothingIsRefused(String malformed) throws Exception {
    try (RunningApi api = RunningApi.onSqlite(folder)) {
      String base = "/api/v1/kinds/hub/assignments";
      assertThat(api.hub().ask("PUT", base + "/" + malformed).status()).isEqualTo(400);
      assertThat(api.hub().ask("GET", base + "?prefix=" + malformed).status()).isEqualTo(400);
      assertThat(api.loads("hub")).isEqualTo(Map.of("hub-1", 0L, "hub-2", 0L));
    }
  }

  @Test
  void bytesOverAsciiThatNobodyEncodedAreUtf8() throws Exception {
    try (RunningApi api = RunningApi.onSqlite(folder)) {
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
      ApiAnswer reply = api.assignAll(names);
      assertThat(reply.status()).as(reply.body()).isEqualTo(200);
      assertThat(reply.json().path("answers")).hasSize(10_000);
      assertThat(api.loads("hub")).isEqualTo(Map.of("hub-1", 5_000L, "hub-2", 5_000L));
      List<String> more = new ArrayList<>(names);
      more.add("one too many");
      assertThat(api.assignAll(more).status()).isEqualTo(422);
    }
  }

  @ParameterizedTest
  @EnumSource
  void pageAfterPageListsEverythingOnce(TestedDatabase product) throws Exception {
    try (RunningApi api = RunningApi.start(folder, product.newDatabase(folder))) {
      api.assignAll(List.of("ab", "a", "a%/b", "a b", "😀", "aé", "b"));
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
      assertThat(RunningApi.texts(story, "what")).containsExactly("assigned", "moved", "removed");
      assertThat(RunningApi.texts(story, "actor")).containsExactly("sharder", "ada", "ada");
      assertThat(RunningApi.texts(story, "reason"))
          .containsExactly("", "closer to her data", "left us");
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
}
