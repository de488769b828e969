package dev.sharder.examples.hub.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sharder.examples.hub.nginx.RunningJupyterHub;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A real JupyterHub that asks, by the configuration that is shipped, where a home directory is. */
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SpawnerTest {

  private static final String SHIPPED = "deploy/jupyterhub/jupyterhub_config.py";
  private static final String HUB_TOKEN = "of-the-hub-itself";
  private static final Duration SPAWN_LIMIT = Duration.ofSeconds(90);

  @TempDir private Path folder;

  /** JupyterHub's proxy closes connections that offer HTTP/2. */
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  @Test
  void aServerStartsInTheHomeDirectoryThatTheSharderChose() throws Exception {
    RunningJupyterHub.assumeInstalled();
    // Trusts no peer, so that it is the token that counts.
    String settings = "trusted: [10.0.0.1]\napi-tokens: ['jupyterhub:" + RunningApi.TOKEN + "']\n";
    try (RunningApi api = RunningApi.start(folder, "jdbc:sqlite::memory:", settings);
        RunningJupyterHub hub = launch(api)) {
      api.addBins("homedir", "nfs-1", "nfs-2");
      hub.await();
      for (String user : new String[] {"ada", "bob", "eve"}) {
        startServer(hub, user);
      }
      assertHome(api, "ada", "nfs-1");
      assertHome(api, "bob", "nfs-2");
      assertHome(api, "eve", "nfs-1");
    }
  }

  @Test
  void aUserWhoseHomeDirectoryHasNoPlaceGetsNoServer() throws Exception {
    RunningJupyterHub.assumeInstalled();
    try (RunningApi api = RunningApi.start(folder, "jdbc:sqlite::memory:");
        RunningJupyterHub hub = launch(api)) {
      hub.await();
      ask(hub, "POST", "/users/ada");
      assertThat(ask(hub, "POST", "/users/ada/server").statusCode()).isEqualTo(500);
      assertThat(folder.resolve("homes")).isEmptyDirectory();
    }
  }

  @Test
  @DisplayName(
      "A user whose name is another folder gets no server, and no bin for a home directory")
  void noOneGetsAnotherFolder() throws Exception {
    RunningJupyterHub.assumeInstalled();
    try (RunningApi api = RunningApi.start(folder, "jdbc:sqlite::memory:");
        RunningJupyterHub hub = launch(api)) {
      api.addBins("homedir", "nfs-1");
      hub.await();
      for (String user : new String[] {"..", ".", ".snapshot"}) {
        String path = "/users/" + user.replace(".", "%2E");
        HttpResponse<String> added = ask(hub, "POST", path);
        HttpResponse<String> started = ask(hub, "POST", path + "/server");
        assertThat(started.statusCode()).as(added.body() + started.body()).isIn(400, 403, 404, 500);
      }
      assertThat(
              api.get("/kinds/homedir/assignments", RunningApi.HOLDER).json().path("assignments"))
          .isEmpty();
      assertThat(folder.resolve("homes")).isEmptyDirectory();
    }
  }

  private RunningJupyterHub launch(RunningApi api) throws Exception {
    Path shipped = Path.of("").toAbsolutePath().resolve(SHIPPED);
    String more =
        """
        c.JupyterHub.services = [{'name': 'test', 'api_token': '%s'}]
        c.JupyterHub.load_roles = [
            {'name': 'test', 'scopes': ['admin:users', 'admin:servers'], 'services': ['test']}
        ]
        load_subconfig('%s')
        """
            .formatted(HUB_TOKEN, shipped);
    Map<String, String> environment =
        Map.of(
            "SHARDER_URL",
            "http://127.0.0.1:" + api.hub().port(),
            "SHARDER_API_TOKEN",
            RunningApi.TOKEN,
            "SHARDER_HOMES",
            Files.createDirectory(folder.resolve("homes")).toString());
    Path own = Files.createDirectory(folder.resolve("hub"));
    return RunningJupyterHub.launch(own, "hub-1", "/", more, environment);
  }

  private void startServer(RunningJupyterHub hub, String user) throws Exception {
    assertThat(ask(hub, "POST", "/users/" + user).statusCode()).isEqualTo(201);
    HttpResponse<String> started = ask(hub, "POST", "/users/" + user + "/server");
    assertThat(started.statusCode()).as(started.body()).isIn(201, 202);
    long end = System.nanoTime() + SPAWN_LIMIT.toNanos();
    while (!isReady(hub, user)) {
      boolean ended = hub.process().waitFor(200, TimeUnit.MILLISECONDS);
      assertThat(!ended && System.nanoTime() < end).as("the server of %s starts", user).isTrue();
    }
  }

  private boolean isReady(RunningJupyterHub hub, String user) throws Exception {
    JsonNode known = new ObjectMapper().readTree(ask(hub, "GET", "/users/" + user).body());
    return known.path("servers").path("").path("ready").asBoolean();
  }

  private void assertHome(RunningApi api, String user, String server) throws Exception {
    JsonNode assignment = api.get("/kinds/homedir/assignments/" + user, RunningApi.HOLDER).json();
    assertThat(assignment.path("bin").asText()).isEqualTo(server);
    assertThat(folder.resolve("homes").resolve(server).resolve(user)).isDirectory();
  }

  private HttpResponse<String> ask(RunningJupyterHub hub, String method, String path)
      throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + hub.port() + hub.base() + "hub/api" + path);
    HttpRequest request =
        HttpRequest.newBuilder(uri)
            .timeout(SPAWN_LIMIT)
            .header("Authorization", "token " + HUB_TOKEN)
            .method(method, BodyPublishers.noBody())
            .build();
    return client.send(request, BodyHandlers.ofString());
  }
}
