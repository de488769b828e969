package dev.sharder.examples.hub.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.examples.hub.api.OpenApiDescription.Described;
import dev.sharder.examples.hub.api.RunningApi.ApiAnswer;
import dev.sharder.examples.hub.server.TestedDatabase;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The OpenAPI file and the server agree, on every path, method, status and body. */
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OpenApiDescriptionTest {

  /** A body that is right, wherever one is needed for anything. */
  private static final Map<String, String> BODIES =
      Map.of(
          "POST /kinds/{kind}/assignments", "{\"objects\": [\"ada\", \" \"]}",
          "PUT /kinds/{kind}/assignments/{object}", "{\"size\": 2, \"group\": \"lab\"}",
          "POST /kinds/{kind}/assignments/{object}/move", "{\"bin\": \"hub-2\", \"reason\": \"r\"}",
          "PUT /kinds/{kind}/bins/{bin}", "{\"weight\": 2, \"labels\": {\"a\": \"b\"}}",
          "PATCH /kinds/{kind}/bins/{bin}", "{\"capacity\": null, \"state\": \"open\"}",
          "POST /kinds/{kind}/plans", "{\"drain\": \"hub-1\"}",
          "POST /kinds/{kind}/plans/apply", "{\"plan\": {\"revision\": 0, \"flows\": []}}");

  private final OpenApiDescription description = new OpenApiDescription();

  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource
  void everyOperationAndStatusOfTheFileIsSeenAndEveryAnswerFits(TestedDatabase product)
      throws Exception {
    String database = product.newDatabase(folder);
    try (RunningApi api = RunningApi.start(folder, database)) {
      seeWhatWorks(api);
      seeConflicts(api);
      seeWhatIsRefusedEverywhere(api);
      breakTables(database);
      seeTheDatabaseAway(api);
    }
    seeStrangers();
    description.assertAllSeen();
  }

  private void seeWhatWorks(RunningApi api) throws Exception {
    String ada = "/kinds/hub/assignments/ada";
    see(200, api.get("/openapi.yaml"));
    see(200, api.get("/kinds"));
    see(200, api.get("/me"));
    see(200, api.admin("GET", "/me", null));
    see(201, api.admin("PUT", "/kinds/hub/bins/hub-3", body("PUT /kinds/{kind}/bins/{bin}")));
    see(200, api.admin("PUT", "/kinds/hub/bins/hub-3", null));
    see(200, api.admin("PATCH", "/kinds/hub/bins/hub-3", body("PATCH /kinds/{kind}/bins/{bin}")));
    String[] mergePatch = {RunningApi.HOLDER, "Content-Type: application/merge-patch+json"};
    see(200, api.ask("PATCH", "/kinds/hub/bins/hub-3", "{\"offset\": 1}", mergePatch));
    see(200, api.get("/kinds/hub/bins/hub-3"));
    see(200, api.get(ada + "/explain?size=2&group=lab"));
    see(201, api.ask("PUT", ada, "{\"size\": 2, \"group\": \"lab\"}", RunningApi.JSON));
    see(200, api.ask("PUT", ada, null));
    see(200, api.get(ada));
    see(200, api.get(ada + "/explain"));
    String roster = "{\"objects\": [\"ada\", \"bob\", \" \"]}";
    see(200, api.ask("POST", "/kinds/hub/assignments", roster, RunningApi.JSON));
    see(200, api.get("/kinds/hub/assignments?limit=1&bin=hub-1&bin=hub-2&prefix=a&after=a"));
    see(200, api.get("/kinds/hub/bins"));
    see(200, api.admin("POST", ada + "/move", "{\"bin\": \"hub-2\", \"version\": 1}"));
    String rebalance =
        "{\"rebalance\": {\"atMost\": 9, \"threshold\": 0.5, \"only\": [\"hub-1\"]}}";
    see(200, api.admin("POST", "/kinds/hub/plans", rebalance));
    String drain = "{\"drain\": \"hub-2\", \"into\": [\"hub-3\"]}";
    ApiAnswer plan = see(200, api.admin("POST", "/kinds/hub/plans", drain));
    String piece = "{\"limit\": 1, \"reason\": \"r\", \"plan\": " + plan.body() + "}";
    see(200, api.admin("POST", "/kinds/hub/plans/apply", piece));
    see(200, api.admin("DELETE", "/kinds/hub/assignments/bob?version=1&reason=r", null));
    see(200, api.get(ada + "/history"));
    see(200, api.get("/kinds/hub/changes?after=1&limit=100&wait=0"));
    see(200, api.get("/kinds/hub/changes?after=1000000&wait=1"));
    see(200, api.get("/kinds/hub/changes?latest=2"));
    see(200, api.get("/kinds/hub/newest?after=1&limit=1"));
    see(200, api.get("/kinds/hub/newest?before=2&bin=hub-1&bin=hub-2"));
    see(200, api.get("/kinds/hub/changes?before=3&bin=hub-1&bin=hub-2&actor=ada&actor=bob"));
    see(200, api.get("/kinds/hub/status"));
  }

  private void seeConflicts(RunningApi api) throws Exception {
    String ada = "/kinds/hub/assignments/ada";
    see(409, api.admin("POST", ada + "/move", "{\"bin\": \"hub-1\", \"version\": 99}"));
    see(409, api.admin("DELETE", ada + "?version=99", null));
    String bin = "/kinds/hub/bins/" + api.assign("hub", "ada");
    see(409, api.admin("PUT", bin, "{\"state\": \"retired\"}"));
    String[] onlyNew = {RunningApi.HOLDER, RunningApi.JSON, "If-None-Match: *"};
    see(412, api.ask("PUT", bin, "{\"weight\": 9}", onlyNew));
    see(409, api.admin("PATCH", bin, "{\"state\": \"retired\"}"));
    api.admin("PATCH", "/kinds/hub/bins/hub-1", "{\"state\": \"cordoned\"}");
    String among = "{\"rebalance\": {\"only\": [\"hub-1\"]}}";
    see(409, api.admin("POST", "/kinds/hub/plans", among));
    String stale = "{\"plan\": {\"revision\": 0, \"flows\": []}}";
    see(409, api.admin("POST", "/kinds/hub/plans/apply", stale));
  }

  /** What any operation answers to what it cannot do. */
  private void seeWhatIsRefusedEverywhere(RunningApi api) throws Exception {
    for (Described operation : OpenApiDescription.operations()) {
      String path = path(operation, "hub");
      String body = BODIES.get(operation.toString());
      see(400, api.admin(operation.method(), path + "?nonsense=1", body));
      see(401, api.ask(operation.method(), path, null, "Authorization: Bearer wrong"));
      if (operation.statuses().contains("404")) {
        see(404, api.admin(operation.method(), path(operation, "nothing"), body));
      }
      if (operation.statuses().contains("422")) {
        see(422, api.admin(operation.method(), path(operation, "%00"), body));
      }
      if (operation.hasBody()) {
        String[] asText = {RunningApi.HOLDER, "Content-Type: text/plain"};
        see(415, api.ask(operation.method(), path, body, asText));
        see(413, api.admin(operation.method(), path, " ".repeat(1_100_000)));
      }
    }
  }

  private static void breakTables(String database) throws Exception {
    try (Connection connection = DriverManager.getConnection(database);
        Statement statement = connection.createStatement()) {
      for (String table : List.of("kind", "bin", "assignment", "change")) {
        statement.execute("ALTER TABLE sharder_" + table + " RENAME TO gone_" + table);
      }
    }
  }

  private void seeTheDatabaseAway(RunningApi api) throws Exception {
    for (Described operation : OpenApiDescription.operations()) {
      if (operation.statuses().contains("503")) {
        String body = BODIES.get(operation.toString());
        ApiAnswer away = api.admin(operation.method(), path(operation, "homedir"), body);
        see(503, away);
        assertThat(away.detail()).doesNotContain("sharder_").doesNotContain("SQL");
      }
    }
  }

  private void seeStrangers() throws Exception {
    String settings = "trusted: [10.0.0.1]\n";
    try (RunningApi api = RunningApi.start(folder, "jdbc:sqlite::memory:", settings)) {
      for (Described operation : OpenApiDescription.operations()) {
        see(403, api.ask(operation.method(), path(operation, "hub"), null));
      }
    }
  }

  private ApiAnswer see(int status, ApiAnswer reply) {
    assertThat(reply.status())
        .as("%s %s: %s", reply.method(), reply.path(), reply.body())
        .isEqualTo(status);
    return description.check(reply);
  }

  private static String body(String operation) {
    return BODIES.getOrDefault(operation, "");
  }

  private static String path(Described operation, String kind) {
    return operation
        .path()
        .replace("{kind}", kind)
        .replace("{object}", "nobody")
        .replace("{bin}", "hub-9");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "POST /kinds/{kind}/assignments | ['ada']                       | it is not an object",
        "POST /kinds/{kind}/assignments | {}                            | 'objects' is missing",
        "POST /kinds/{kind}/assignments | {'objects': null}             | 'objects' is missing",
        "POST /kinds/{kind}/assignments | {'objects': 'ada'}            | 'objects' is not a list",
        "POST /kinds/{kind}/assignments | {'objects': [1]}              | 'objects[0]' is not a"
            + " string",
        "POST /kinds/{kind}/assignments | {'objects': ['a', null]}      | 'objects[1]' is not a"
            + " string",
        "POST /kinds/{kind}/assignments | {'objects': [], 'x': 1}       | field 'x' is unknown",
        "POST /kinds/{kind}/assignments | {'objects': [                 | 'objects[0]' is"
            + " malformed",
        "POST /kinds/{kind}/assignments | {'objects': []} x             | not JSON",
        "POST /kinds/{kind}/assignments | null                          | null",
        "PUT /kinds/{kind}/assignments/{object} | {'size': '1'}         | 'size' is not a whole"
            + " number",
        "PUT /kinds/{kind}/assignments/{object} | {'size': 1.5}         | 'size' is not a whole"
            + " number",
        "PUT /kinds/{kind}/assignments/{object} | {'size': 99999999999999999999} | 'size'",
        "PUT /kinds/{kind}/assignments/{object} | {'group': 5}          | 'group' is not a string",
        "PUT /kinds/{kind}/assignments/{object} | {'group': ['a']}      | 'group' is not a string",
        "PUT /kinds/{kind}/assignments/{object} | 5                     | it is not an object",
        "POST /kinds/{kind}/assignments/{object}/move | {}              | 'bin' is missing",
        "POST /kinds/{kind}/assignments/{object}/move | {'bin': 'a', 'force': 'yes'} | 'force' is"
            + " not true",
        "PUT /kinds/{kind}/bins/{bin}   | {'weight': true}              | 'weight' is not a whole"
            + " number",
        "PUT /kinds/{kind}/bins/{bin}   | {'capacity': 'none'}          | 'capacity' is neither a whole"
            + " number",
        "PATCH /kinds/{kind}/bins/{bin} | {'capacity': 1.5}             | 'capacity' is neither a whole"
            + " number",
        "PATCH /kinds/{kind}/bins/{bin} | {'labels': {'a': 1}}          | 'labels.a' is not a"
            + " string",
        "PATCH /kinds/{kind}/bins/{bin} | {'labels': []}                | 'labels' is not an"
            + " object",
        "POST /kinds/{kind}/plans       | {'rebalance': true}           | 'rebalance' is not",
        "POST /kinds/{kind}/plans       | {'rebalance': {'threshold': 'x'}} | 'rebalance.threshold'"
            + " is not a number",
        "POST /kinds/{kind}/plans/apply | {'limit': 1}                  | 'plan' is missing",
        "POST /kinds/{kind}/plans/apply | {'plan': {'revision': 1}}     | 'plan.flows' is missing",
        "POST /kinds/{kind}/plans/apply | {'plan': {'flows': []}}       | 'plan.revision' is"
            + " missing",
        "POST /kinds/{kind}/plans/apply | {'plan': {'revision': 1, 'flows': [null]}} |"
            + " 'plan.flows[0]' is missing",
        "POST /kinds/{kind}/plans/apply | {'plan': {'revision': 1, 'flows': [{'to': 'a', 'size': 1,"
            + " 'units': 1}]}} | 'plan.flows[0].from' is missing",
      })
  void aBodyThatTheFileForbidsIsRefusedAndItsFieldIsNamed(
      String operation, String body, String complaint) throws Exception {
    try (RunningApi api = RunningApi.start(folder, "jdbc:sqlite::memory:")) {
      Described described =
          OpenApiDescription.operations().stream()
              .filter(known -> known.toString().equals(operation))
              .findFirst()
              .orElseThrow();
      String path = path(described, "hub").replace("hub-9", "hub-1");
      ApiAnswer reply = see(400, api.admin(described.method(), path, body.replace('\'', '"')));
      assertThat(reply.detail()).contains(complaint);
      if (!body.endsWith(" x")) {
        assertThat(OpenApiDescription.requestComplaints(reply)).isNotEmpty();
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "/assignments?limit=0, limit",
    "/assignments?limit=1001, limit",
    "/assignments?limit=x, limit",
    "/changes?wait=31, wait",
    "/changes?after=-1, after",
    "/changes?before=0, before",
    "/assignments/ada/explain?size=0, size",
  })
  void aParameterThatTheFileForbidsIsRefusedAndNamed(String path, String name) throws Exception {
    try (RunningApi api = RunningApi.start(folder, "jdbc:sqlite::memory:")) {
      ApiAnswer reply = see(400, api.get("/kinds/hub" + path));
      assertThat(reply.detail()).contains("'" + name + "'");
      assertThat(OpenApiDescription.requestComplaints(reply)).isNotEmpty();
      String twice = "/kinds/hub" + path + "&" + path.replaceFirst(".*\\?", "");
      assertThat(api.get(twice).status()).isEqualTo(400);
    }
  }

  @Test
  void whateverTheFileDoesNotTellOfAPathIsNotAllowedThere() throws Exception {
    try (RunningApi api = RunningApi.start(folder, "jdbc:sqlite::memory:")) {
      for (Map.Entry<String, Set<String>> path : OpenApiDescription.methods().entrySet()) {
        for (String method : List.of("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT", "OPTIONS")) {
          ApiAnswer reply = api.admin(method, path.getKey().replaceAll("[{}]", ""), null);
          if (path.getValue().contains(method)) {
            assertThat(reply.status()).as(method + path).isNotEqualTo(405);
          } else {
            assertThat(reply.status()).as(method + path).isEqualTo(405);
            assertThat(reply.header("Allow")).isEqualTo(String.join(", ", path.getValue()));
            assertThat(method.equals("HEAD") ? reply.header("Allow") : reply.detail())
                .contains(reply.header("Allow"));
          }
        }
      }
      assertThat(api.get("/nothing").status()).isEqualTo(404);
      assertThat(api.get("").status()).isEqualTo(404);
    }
  }

  @Test
  void theFileIsServedAsItIs() throws Exception {
    try (RunningApi api = RunningApi.start(folder, "jdbc:sqlite::memory:")) {
      ApiAnswer reply = api.get("/openapi.yaml");
      assertThat(reply.header("Content-Type")).isEqualTo("application/yaml");
      assertThat(reply.body()).isEqualTo(OpenApiDescription.text());
    }
  }
}
