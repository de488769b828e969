package dev.sharder.examples.hub.proxy.chp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sharder.InvalidValueException;
import dev.sharder.examples.hub.proxy.Traffic;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RouteTableTest {

  private static final Instant NOON = Instant.parse("2026-01-31T12:00:00.123Z");

  private Instant now = NOON;
  private final RouteTable table = new RouteTable(() -> now);

  private void put(String path) {
    table.put(RoutePath.of(path), RouteJson.ofTarget("http://127.0.0.1:8081"));
  }

  private @Nullable String found(String uri) {
    RouteTable.RouteMatch match = table.find(null, uri);
    return match == null ? null : match.route().path();
  }

  private Traffic traffic(String path) {
    return table.get(RoutePath.of(path)).orElseThrow().traffic();
  }

  private Instant lastActivity(String path) {
    return table.get(RoutePath.of(path)).orElseThrow().lastActivity();
  }

  @ParameterizedTest
  @CsvSource({
    "/user/ada/lab,/user/ada",
    "/user/ada,/user/ada",
    "/user/ada/,/user/ada",
    "/user/ada?x=/user/bob,/user/ada",
    "/user/adaline,/user",
    "/user/%61da/x,/user/ada",
    "/user%2Fada%2Fx,/user/ada",
    "/users/ada,/",
    "/,/",
    "/hub,/",
    "*,/"
  })
  @DisplayName("the longest path of whole segments wins")
  void longest(String uri, String path) {
    List.of("/", "/user", "/user/ada", "/user/ada/lab/deep").forEach(this::put);
    assertThat(found(uri)).isEqualTo(path);
  }

  @Test
  @DisplayName("without a route for it, a request finds none")
  void none() {
    put("/user/ada");
    assertThat(found("/user")).isNull();
    assertThat(found("/")).isNull();
  }

  @Test
  @DisplayName("a host is the first segment of its routes")
  void hosts() {
    List.of("/", "/hub.example", "/ada.hub.example/lab").forEach(this::put);
    assertThat(table.find("hub.example", "/x")).hasFieldOrPropertyWithValue("end", 0);
    assertThat(path(table.find("hub.example", "/x"))).isEqualTo("/hub.example");
    assertThat(path(table.find("ada.hub.example", "/lab/x"))).isEqualTo("/ada.hub.example/lab");
    assertThat(path(table.find("ada.hub.example", "/x"))).isEqualTo("/");
    assertThat(path(table.find("other.example", "/hub.example"))).isEqualTo("/");
  }

  private static @Nullable String path(RouteTable.@Nullable RouteMatch match) {
    return match == null ? null : match.route().path();
  }

  @ParameterizedTest
  @ValueSource(strings = {"user/ada", "/user/ada/", "//user/ada//", "/user/ada"})
  @DisplayName("a path has one slash in front and none at its end, however it was written")
  void normalized(String path) {
    put(path);
    assertThat(table.all()).extracting(ProxyRoute::path).containsExactly("/user/ada");
    assertThat(table.get(RoutePath.of(path))).isPresent();
    assertThat(table.remove(RoutePath.of(path))).isTrue();
    assertThat(table.remove(RoutePath.of(path))).isFalse();
    assertThat(found("/user/ada")).isNull();
  }

  @Test
  @DisplayName("all that was said of a route is kept, but for its last activity")
  void keptData() throws IOException {
    String said =
        """
        {"target": "http://127.0.0.1:8081/x", "user": "ada", "n": 1.50, "big": 12345678901234567890,
         "list": [null, {"a": true}], "last_activity": "2001-01-01T00:00:00.000Z"}""";
    table.put(RoutePath.of("/user/ada"), RouteJson.object(said.getBytes(UTF_8)).orElseThrow());
    String json =
        new String(RouteJson.of(table.get(RoutePath.of("/user/ada")).orElseThrow()), UTF_8);
    assertThat(json).contains("\"n\":1.50").contains("12345678901234567890");
    JsonNode read = new ObjectMapper().readTree(json);
    assertThat(read.path("target").asText()).isEqualTo("http://127.0.0.1:8081/x");
    assertThat(read.path("list")).hasToString("[null,{\"a\":true}]");
    assertThat(read.path("last_activity").asText()).isEqualTo("2026-01-31T12:00:00.123Z");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "8081", "localhost:8081", "ftp://127.0.0.1/", "http://"})
  @DisplayName("a target that is no address of a server is refused, and the old route stays")
  void badTarget(String target) {
    put("/user/ada");
    assertThatThrownBy(() -> table.put(RoutePath.of("/user/ada"), RouteJson.ofTarget(target)))
        .isInstanceOf(InvalidValueException.class);
    assertThat(table.get(RoutePath.of("/user/ada")).orElseThrow().target().port()).isEqualTo(8081);
  }

  @Test
  @DisplayName("activity moves with success and with websocket data, not with errors")
  void activity() {
    put("/user/ada");
    assertThat(lastActivity("/user/ada")).isEqualTo(NOON);
    now = NOON.plus(Duration.ofMinutes(1));
    Traffic traffic = traffic("/user/ada");
    List.of(101, 302, 404, 503).forEach(traffic::answered);
    traffic.failed("refused");
    assertThat(lastActivity("/user/ada")).isEqualTo(NOON);
    traffic.answered(200);
    assertThat(lastActivity("/user/ada")).isEqualTo(now);
    now = NOON.plus(Duration.ofMinutes(2));
    traffic.data();
    assertThat(lastActivity("/user/ada")).isEqualTo(now);
  }

  @Test
  @DisplayName("a websocket that outlives its route moves the activity of the one set anew")
  void activityAnew() {
    put("/user/ada");
    Traffic websocket = traffic("/user/ada");
    table.remove(RoutePath.of("/user/ada"));
    websocket.data();
    put("/user/ada");
    now = NOON.plus(Duration.ofMinutes(1));
    websocket.data();
    assertThat(lastActivity("/user/ada")).isEqualTo(now);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  @DisplayName("after any history it finds what a simple search finds")
  void histories(long seed) {
    Random random = new Random(seed);
    Map<String, Boolean> model = new TreeMap<>();
    for (int step = 0; step < 3_000; step++) {
      String path = randomPath(random);
      if (random.nextInt(5) < 3) {
        put(path);
        model.put(path, true);
      } else {
        assertThat(table.remove(RoutePath.of(path)))
            .as("seed %d", seed)
            .isEqualTo(model.remove(path) != null);
      }
      String asked = randomPath(random);
      assertThat(found(asked)).as("seed %d, %s", seed, asked).isEqualTo(search(model, asked));
    }
    assertThat(table.all()).extracting(ProxyRoute::path).containsExactlyElementsOf(model.keySet());
  }

  private static String randomPath(Random random) {
    StringBuilder path = new StringBuilder();
    for (int i = random.nextInt(5); i > 0; i--) {
      path.append('/').append((char) ('a' + random.nextInt(3)));
    }
    return path.isEmpty() ? "/" : path.toString();
  }

  private static @Nullable String search(Map<String, Boolean> model, String asked) {
    String longest = null;
    for (String path : model.keySet()) {
      boolean covers = path.equals("/") || asked.equals(path) || asked.startsWith(path + "/");
      if (covers && (longest == null || path.length() > longest.length())) {
        longest = path;
      }
    }
    return longest;
  }

  @Test
  @DisplayName("while routes change, a request finds its own route or one above, at all times")
  void concurrent() throws Exception {
    put("/user");
    put("/user/steady");
    AtomicBoolean isOver = new AtomicBoolean();
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Future<Integer>> readers = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        readers.add(threads.submit(() -> readWhile(isOver)));
      }
      List<Future<?>> writers =
          List.of(threads.submit(() -> change("a")), threads.submit(() -> change("b")));
      for (Future<?> writer : writers) {
        writer.get(60, TimeUnit.SECONDS);
      }
      isOver.set(true);
      for (Future<Integer> reader : readers) {
        assertThat(reader.get(60, TimeUnit.SECONDS)).isPositive();
      }
    } finally {
      isOver.set(true);
      threads.shutdownNow();
    }
    assertThat(table.all()).hasSize(2);
  }

  private int readWhile(AtomicBoolean isOver) {
    int reads = 0;
    while (!isOver.get()) {
      assertThat(found("/user/steady/lab")).isEqualTo("/user/steady");
      assertThat(found("/user/a7/b")).isIn("/user/a7", "/user");
      reads++;
    }
    return reads;
  }

  private void change(String prefix) {
    for (int i = 0; i < 5_000; i++) {
      String path = "/user/" + prefix + i % 10;
      put(path);
      assertThat(found(path + "/x")).isEqualTo(path);
      table.remove(RoutePath.of(path));
      assertThat(found(path + "/x")).isEqualTo("/user");
    }
  }

  @Test
  @DisplayName("a listener hears of each change")
  void listener() {
    List<String> heard = new ArrayList<>();
    table.onChange(() -> heard.add("change"));
    put("/a");
    put("/a");
    table.remove(RoutePath.of("/a"));
    table.remove(RoutePath.of("/a"));
    assertThat(heard).hasSize(3);
  }
}
