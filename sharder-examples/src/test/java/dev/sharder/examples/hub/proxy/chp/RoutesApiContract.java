package dev.sharder.examples.hub.proxy.chp;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a hub may rely on in the API of configurable-http-proxy, in any program that serves it. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
abstract class RoutesApiContract {

  static final String TARGET = "http://127.0.0.1:8081";

  /** Returns the port of an API without routes. */
  abstract int port() throws IOException;

  final ApiAnswer ask(String method, String path, String body) throws IOException {
    return ApiAnswer.to(port(), method, path, body);
  }

  final ApiAnswer get(String path) throws IOException {
    return ask("GET", path, "");
  }

  final ApiAnswer post(String path) throws IOException {
    return ask("POST", path, "{\"target\": \"%s\"}".formatted(TARGET));
  }

  final List<String> paths(String query) throws IOException {
    ApiAnswer all = get("/api/routes" + query);
    assertThat(all.status()).isEqualTo(200);
    List<String> paths = new ArrayList<>();
    all.json().fieldNames().forEachRemaining(paths::add);
    return paths;
  }

  @Test
  @DisplayName("there are no routes at first")
  void empty() throws IOException {
    ApiAnswer all = get("/api/routes");
    assertThat(all.body().strip()).isEqualTo("{}");
    assertThat(all.headers())
        .anyMatch(line -> line.matches("(?i)content-type: application/json.*"));
    assertThat(get("/api/routes/").body().strip()).isEqualTo("{}");
  }

  @ParameterizedTest
  @CsvSource({
    "GET,/api/routes,X-Nothing: 1",
    "GET,/api/routes,Authorization: token wrong",
    "GET,/api/routes,Authorization: secret!",
    "GET,/api/routes,Authorization: token secret!x",
    "GET,/api/routes/user/ada,Authorization: Bearer secret!",
    "POST,/api/routes/user/ada,X-Nothing: 1",
    "DELETE,/api/routes/user/ada,Authorization: token"
  })
  @DisplayName("without the token, every operation is 403")
  void forbidden(String method, String path, String field) throws IOException {
    assertThat(ApiAnswer.to(port(), method, path, "{\"target\": \"http://a\"}", field).status())
        .isEqualTo(403);
    assertThat(paths("")).isEmpty();
  }

  @Test
  @DisplayName("POST sets a route and answers 201 with nothing; GET gives back all that was said")
  void set() throws IOException {
    Instant before = Instant.now().minusSeconds(1);
    ApiAnswer set =
        ask(
            "POST",
            "/api/routes/user/ada",
            "{\"target\": \"%s\", \"user\": \"ada\", \"jupyterhub\": true, \"x\": [1, {\"y\": null}]}"
                .formatted(TARGET));
    assertThat(set.status()).isEqualTo(201);
    assertThat(set.body()).isEmpty();
    JsonNode route = get("/api/routes/user/ada").json();
    assertThat(route.path("target").asText()).isEqualTo(TARGET);
    assertThat(route.path("user").asText()).isEqualTo("ada");
    assertThat(route.path("jupyterhub").asBoolean()).isTrue();
    assertThat(route.path("x")).hasToString("[1,{\"y\":null}]");
    assertThat(route.path("last_activity").asText())
        .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z");
    assertThat(Instant.parse(route.path("last_activity").asText()))
        .isBetween(before, Instant.now().plusSeconds(1));
    assertThat(get("/api/routes").json().path("/user/ada")).isEqualTo(route);
  }

  @Test
  @DisplayName("a route set anew has the new target alone")
  void replaced() throws IOException {
    ask(
        "POST",
        "/api/routes/user/ada",
        "{\"target\": \"%s\", \"user\": \"ada\"}".formatted(TARGET));
    ask("POST", "/api/routes/user/ada", "{\"target\": \"http://127.0.0.1:9\"}");
    JsonNode route = get("/api/routes/user/ada").json();
    assertThat(route.path("target").asText()).isEqualTo("http://127.0.0.1:9");
    assertThat(route.has("user")).isFalse();
  }

  @Test
  @DisplayName("what the hub says of the last activity does not count")
  void activityAlone() throws IOException {
    ask(
        "POST",
        "/api/routes/user/ada",
        "{\"target\": \"%s\", \"last_activity\": \"2001-01-01T00:00:00.000Z\"}".formatted(TARGET));
    assertThat(get("/api/routes/user/ada").json().path("last_activity").asText())
        .doesNotStartWith("2001");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/api/routes", "/api/routes/"})
  @DisplayName("POST without a path sets the route of all that has none")
  void root(String path) throws IOException {
    assertThat(post(path).status()).isEqualTo(201);
    assertThat(paths("")).containsExactly("/");
  }

  @Test
  @DisplayName("DELETE removes exactly this route with 204, and is 404 where there is none")
  void delete() throws IOException {
    post("/api/routes/user/ada");
    post("/api/routes/user/ada/lab");
    assertThat(ask("DELETE", "/api/routes/user", "").status()).isEqualTo(404);
    ApiAnswer removed = ask("DELETE", "/api/routes/user/ada", "");
    assertThat(removed.status()).isEqualTo(204);
    assertThat(removed.body()).isEmpty();
    assertThat(ask("DELETE", "/api/routes/user/ada", "").status()).isEqualTo(404);
    assertThat(get("/api/routes/user/ada").status()).isEqualTo(404);
    assertThat(paths("")).containsExactly("/user/ada/lab");
  }

  @ParameterizedTest
  @CsvSource({
    "/user/foo%40bar,/user/foo@bar",
    "/user/foo@bar,/user/foo@bar",
    "/has%20space/foo,/has space/foo",
    "/has/%C3%BC%C3%B1%E2%88%82,/has/üñ∂",
    "/user/a%2Fb,/user/a/b",
    "/user/100%25,/user/100%",
    "/user/~ada+x,/user/~ada+x",
    "/user/ada/,/user/ada"
  })
  @DisplayName("paths are kept decoded, without a slash at the end")
  void decoded(String path, String key) throws IOException {
    assertThat(post("/api/routes" + path).status()).isEqualTo(201);
    assertThat(paths("")).containsExactly(key);
    assertThat(get("/api/routes" + path).status()).isEqualTo(200);
    assertThat(ask("DELETE", "/api/routes" + path, "").status()).isEqualTo(204);
  }

  static Stream<Arguments> unusable() {
    return Stream.of(
        Arguments.of("no target", "{}"),
        Arguments.of("no text as target", "{\"target\": 8081}"),
        Arguments.of("a list", "[]"),
        Arguments.of("null", "null"),
        Arguments.of("nothing", ""),
        Arguments.of("no JSON", "{\"target\": "),
        Arguments.of("more than JSON", "{\"target\": \"http://a\"} {}"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("unusable")
  @DisplayName("a body that is no route is 400")
  void unusable(String what, String body) throws IOException {
    assertThat(ask("POST", "/api/routes/user/ada", body).status()).isEqualTo(400);
    assertThat(paths("")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "PUT,/api/routes,405",
    "PATCH,/api/routes/user/ada,405",
    "HEAD,/api/routes,405",
    "GET,/,404",
    "GET,/api,404",
    "GET,/api/route,404",
    "GET,/api/routesx,404",
    "POST,/x/api/routes,404"
  })
  @DisplayName("other methods are 405, and other paths 404")
  void elsewhere(String method, String path, int status) throws IOException {
    assertThat(ask(method, path, "").status()).isEqualTo(status);
  }

  @ParameterizedTest
  @ValueSource(strings = {"inactiveSince", "inactive_since"})
  @DisplayName("routes can be had by when they were last active")
  void inactive(String parameter) throws IOException {
    post("/api/routes/user/ada");
    Instant now = Instant.now();
    String query = "?" + parameter + "=";
    assertThat(paths(query + now.minus(Duration.ofHours(1)))).isEmpty();
    assertThat(paths(query + now.plus(Duration.ofHours(1)))).containsExactly("/user/ada");
    assertThat(paths(query)).containsExactly("/user/ada");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2999-01-01",
        "2999-01-01T12:00:00Z",
        "2999-01-01T12:00:00.123456Z",
        "2999-01-01T12:00:00%2B02:00",
        "2999-01-01T12:00:00.123-02:00",
        "2999-01-01T12:00"
      })
  @DisplayName("a time is written by ISO 8601")
  void times(String time) throws IOException {
    post("/api/routes/user/ada");
    assertThat(paths("?inactive_since=" + time)).containsExactly("/user/ada");
    assertThat(paths("?inactive_since=" + time.replace("2999", "1999"))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"endoftheuniverse", "2026-13-01", "2026-01-31T25:00:00Z", "%zz"})
  @DisplayName("a time that is none is 400")
  void badTimes(String time) throws IOException {
    assertThat(get("/api/routes?inactive_since=" + time).status()).isEqualTo(400);
  }

  @Test
  @DisplayName("many routes set at a time are all there")
  void many() throws IOException {
    for (int i = 0; i < 200; i++) {
      assertThat(post("/api/routes/user/u" + i).status()).isEqualTo(201);
    }
    assertThat(paths("")).hasSize(200);
  }
}
