package dev.sharder.examples.hub.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sharder.examples.hub.api.RunningApi.ApiAnswer;
import dev.sharder.examples.hub.server.TestedDatabase;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("Changes over the REST API")
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ChangesApiTest {

  @TempDir private Path folder;

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
      List<String> what = new ArrayList<>(RunningApi.texts(page.path("changes"), "what"));
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
    try (RunningApi api = RunningApi.onSqlite(folder)) {
      api.assignAll(List.of("a", "b", "c", "d", "e"));
      JsonNode page = api.get("/kinds/hub/newest?limit=2&before=1000000000000").json();
      assertThat(RunningApi.texts(page.path("assignments"), "object")).containsExactly("d", "e");
      page = api.get("/kinds/hub/newest?limit=9&before=" + page.path("next").asLong()).json();
      assertThat(RunningApi.texts(page.path("assignments"), "object"))
          .containsExactly("a", "b", "c");
      assertThat(page.path("next").asLong()).isZero();
      page = api.get("/kinds/hub/newest?bin=hub-2").json();
      assertThat(RunningApi.texts(page.path("assignments"), "object")).containsExactly("b", "d");
    }
  }

  @ParameterizedTest
  @EnumSource
  void theFeedTellsAChangeAsItIsMadeAndNothingTwice(TestedDatabase product) throws Exception {
    try (RunningApi api = RunningApi.start(folder, product.newDatabase(folder))) {
      api.assign("hub", "ada");
      JsonNode all = api.get("/kinds/hub/changes?wait=30").json();
      assertThat(RunningApi.texts(all.path("changes"), "what"))
          .containsExactly("bin-added", "bin-added");
      String next = "/kinds/hub/changes?after=" + all.path("next").asLong();
      assertThat(api.get(next).json().path("next")).isEqualTo(all.path("next"));
      long begin = System.nanoTime();
      CompletableFuture<ApiAnswer> waiting =
          CompletableFuture.supplyAsync(() -> quietly(api, next));
      api.admin("POST", "/kinds/hub/assignments/ada/move", "{\"bin\": \"hub-2\"}");
      JsonNode page = waiting.join().json();
      assertThat(RunningApi.texts(page.path("changes"), "what")).containsExactly("moved");
      assertThat(System.nanoTime() - begin).isLessThan(15_000_000_000L);
      ApiAnswer empty = api.get("/kinds/hub/changes?wait=1&after=" + page.path("next").asLong());
      assertThat(empty.json().path("changes")).isEmpty();
    }
  }

  @Test
  void changesThatTheFilterLeavesOutAreAnsweredAtOnceSoThatTheNextRequestGoesOnAfterThem()
      throws Exception {
    try (RunningApi api = RunningApi.onSqlite(folder)) {
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
    try (RunningApi api = RunningApi.onSqlite(folder)) {
      waiting = CompletableFuture.supplyAsync(() -> quietly(api, "/kinds/hub/changes?after=2"));
      // One who waits as well, and came later, has been answered: so the first one waits.
      api.get("/kinds/hub/changes?after=2&wait=1");
      begin = System.nanoTime();
    }
    assertThat(System.nanoTime() - begin).isLessThan(8_000_000_000L);
    assertThat(waiting.join().json().path("changes")).isEmpty();
  }
}
