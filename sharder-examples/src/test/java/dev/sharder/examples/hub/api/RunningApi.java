package dev.sharder.examples.hub.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sharder.examples.hub.server.RunningHub;
import dev.sharder.examples.hub.server.TestedDatabase;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/** A hub sharder that is asked by its REST API, over HTTP. */
public record RunningApi(RunningHub hub, HttpClient client) implements AutoCloseable {

  /** The token of somebody called ada. */
  public static final String TOKEN = "0123456789abcdefghijABCDEFGHIJ-._~+/";

  public static final String HOLDER = "Authorization: Bearer " + TOKEN;
  public static final String JSON = "Content-Type: application/json";

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Duration TIME_LIMIT = Duration.ofSeconds(60);

  /** What came back, and what it was about. */
  public record ApiAnswer(
      String method, String path, String query, String sent, HttpResponse<String> response) {

    public int status() {
      return response.statusCode();
    }

    public String header(String name) {
      return response.headers().firstValue(name).orElse("");
    }

    public String body() {
      return response.body();
    }

    public JsonNode json() throws IOException {
      return MAPPER.readTree(body());
    }

    public String detail() throws IOException {
      assertThat(header("Content-Type")).isEqualTo("application/problem+json");
      return json().path("detail").asText();
    }
  }

  /** Starts one with the hubs hub-1 and hub-2, and a token. */
  public static RunningApi start(Path folder, String database) throws IOException {
    return start(folder, database, "api-tokens: ['ada:" + TOKEN + "']\n");
  }

  /** Starts one on a SQLite file in this folder. */
  public static RunningApi onSqlite(Path folder) throws IOException {
    return start(folder, TestedDatabase.SQLITE.newDatabase(folder));
  }

  public static RunningApi start(Path folder, String database, String settings) throws IOException {
    Path config = Files.writeString(folder.resolve("api.yml"), settings);
    return new RunningApi(
        RunningHub.start(database, config, "hub-1", "hub-2"), HttpClient.newHttpClient());
  }

  public ApiAnswer get(String path, String... headers) throws Exception {
    return ask("GET", path, null, headers);
  }

  /** Asks as somebody who has the token. */
  public ApiAnswer admin(String method, String path, @Nullable String body) throws Exception {
    return body == null ? ask(method, path, null, HOLDER) : ask(method, path, body, HOLDER, JSON);
  }

  public ApiAnswer ask(String method, String path, @Nullable String body, String... headers)
      throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + hub.port() + RestApiHandler.BASE + path);
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri)
            .timeout(TIME_LIMIT)
            .header("X-Sharder-Secret", RunningHub.SECRET)
            .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
    for (String header : headers) {
      int colon = header.indexOf(": ");
      request.header(header.substring(0, colon), header.substring(colon + 2));
    }
    HttpResponse<String> response = client.send(request.build(), BodyHandlers.ofString());
    String query = uri.getRawQuery() == null ? "" : uri.getRawQuery();
    return new ApiAnswer(method, uri.getRawPath(), query, body == null ? "" : body, response);
  }

  /** Adds the bins of another kind. */
  public void addBins(String kind, String... bins) throws Exception {
    for (String bin : bins) {
      ApiAnswer added = admin("PUT", "/kinds/" + kind + "/bins/" + bin, null);
      assertThat(added.status()).as(added.body()).isEqualTo(201);
    }
  }

  /** Assigns an object of size 1, and returns where it is. */
  public String assign(String kind, String object) throws Exception {
    ApiAnswer reply = ask("PUT", "/kinds/" + kind + "/assignments/" + object, null);
    assertThat(reply.status()).as(reply.body()).isIn(200, 201);
    return reply.json().path("bin").asText();
  }

  /** Assigns users in one request. */
  public ApiAnswer assignAll(List<String> users) throws Exception {
    String body = MAPPER.writeValueAsString(Map.of("objects", users));
    return ask("POST", "/kinds/hub/assignments", body, JSON);
  }

  /** Returns a field of each member of a list. */
  public static List<String> texts(JsonNode list, String field) {
    return StreamSupport.stream(list.spliterator(), false)
        .map(one -> one.path(field).asText())
        .toList();
  }

  /** What each bin holds. */
  public Map<String, Long> loads(String kind) throws Exception {
    Map<String, Long> loads = new TreeMap<>();
    for (JsonNode bin : get("/kinds/" + kind + "/bins").json().path("bins")) {
      loads.put(bin.path("bin").asText(), bin.path("load").asLong());
    }
    return loads;
  }

  @Override
  public void close() {
    hub.close();
  }
}
