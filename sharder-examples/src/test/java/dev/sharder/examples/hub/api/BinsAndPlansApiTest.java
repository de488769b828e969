package dev.sharder.examples.hub.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.Bin;
import dev.sharder.BinState;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.examples.hub.api.RunningApi.ApiAnswer;
import dev.sharder.examples.hub.server.TestedDatabase;
import dev.sharder.jdbc.JdbiAssignmentStore;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("Bins and plans over the REST API")
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class BinsAndPlansApiTest {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  @TempDir private Path folder;

  @Test
  void aClosedBinTakesNobodyUnlessForced() throws Exception {
    try (RunningApi api = RunningApi.onSqlite(folder)) {
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
  @DisplayName("a hub to which no user can be sent may be changed, but not opened")
  void unreachable() throws Exception {
    String database = "jdbc:sqlite:" + folder.resolve("sharder.db");
    try (RunningApi api = RunningApi.start(folder, database);
        HikariDataSource pool = new HikariDataSource()) {
      pool.setJdbcUrl(database);
      try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool)) {
        Bin taken = Bin.of("hub 9").withState(BinState.CORDONED);
        ShardAdmin.builder("hub", store).build().addBin(taken, new Note("eve", "taken over"));
      }
      String bin = "/kinds/hub/bins/hub%209";
      assertThat(api.admin("PATCH", bin, "{\"weight\": 2}").status()).isEqualTo(200);
      ApiAnswer refused = api.admin("PATCH", bin, "{\"state\": \"open\"}");
      assertThat(refused.status()).isEqualTo(422);
      assertThat(refused.detail()).contains("'hub 9'");
      assertThat(api.get(bin).json().path("state").asText()).isEqualTo("cordoned");
    }
  }

  @Test
  void aPatchChangesWhatItSaysAndAPutMakesTheWhole() throws Exception {
    try (RunningApi api = RunningApi.onSqlite(folder)) {
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
      api.assignAll(IntStream.range(0, 50).mapToObj(i -> "user-" + i).toList());
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
      api.assignAll(IntStream.range(0, 20).mapToObj(i -> "user-" + i).toList());
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
  @DisplayName("the status says whether new objects can be placed, why not, and how many were")
  void status(TestedDatabase product) throws Exception {
    try (RunningApi api = RunningApi.start(folder, product.newDatabase(folder))) {
      api.assignAll(List.of("a", "b", "c"));
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
      api.assignAll(names);
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
    try (RunningApi api = RunningApi.onSqlite(folder)) {
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

  @Test
  void aHubWhoseNameNoCookieCanCarryIsNotAdded() throws Exception {
    try (RunningApi api = RunningApi.onSqlite(folder)) {
      ApiAnswer refused = api.admin("PUT", "/kinds/hub/bins/hub%203", null);
      assertThat(refused.status()).isEqualTo(422);
      assertThat(refused.detail()).contains("'hub 3'").contains("cookie");
      api.addBins("homedir", "nfs%203");
      assertThat(api.get("/kinds/hub/bins").json().path("bins")).hasSize(2);
    }
  }
}
