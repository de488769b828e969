package dev.sharder.examples.hub.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sharder.examples.hub.access.Authorizer;
import dev.sharder.examples.hub.api.RunningApi.ApiAnswer;
import dev.sharder.examples.hub.server.CapturedLogLines;
import dev.sharder.examples.hub.server.HubServer;
import dev.sharder.examples.hub.server.RunningHub;
import dev.sharder.examples.hub.server.TestedDatabase;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Access to the REST API")
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ApiAccessTest {

  @TempDir private Path folder;

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
    try (RunningApi api = RunningApi.onSqlite(folder);
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
      assertThat(RunningApi.texts(story.json().path("changes"), "actor")).endsWith("api");
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
      assertThat(RunningApi.texts(changes, "actor")).containsExactly("bob");
    }
  }

  @Test
  void aBodyWithAFieldTwiceOrInAnotherEncodingIsRefused() throws Exception {
    try (RunningApi api = RunningApi.onSqlite(folder)) {
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
  void aBodyThatIsTooLargeIsRefusedHoweverItComes() throws Exception {
    try (RunningApi api = RunningApi.onSqlite(folder)) {
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
