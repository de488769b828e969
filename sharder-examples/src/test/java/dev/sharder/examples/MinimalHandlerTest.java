package dev.sharder.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.BinState;
import dev.sharder.Sharder;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.jdbc.JdbiAssignmentStore;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The minimal handler, over HTTP")
@Timeout(60)
class MinimalHandlerTest {

  private final HttpClient client = HttpClient.newHttpClient();
  private final HikariDataSource database = new HikariDataSource();
  @TempDir private Path folder;
  private JdbiAssignmentStore store;
  private Sharder hubs;
  private HttpServer server;

  @BeforeEach
  void start() throws Exception {
    database.setJdbcUrl("jdbc:sqlite:" + folder.resolve("sharder.db"));
    store = JdbiAssignmentStore.create(database);
    hubs = Sharder.builder("hub", store).bins("hub-1", "hub-2").build();
    server = MinimalHandler.serve(hubs, 0);
  }

  @AfterEach
  void stop() {
    server.stop(0);
    hubs.close();
    store.close();
    database.close();
  }

  @Test
  @DisplayName("a user gets a cookie and a redirect, and the same hub again")
  void redirects() throws Exception {
    HttpResponse<String> ada = ask("ada");
    assertThat(ada.statusCode()).isEqualTo(302);
    assertThat(ada.headers().firstValue("Location")).hasValue("/hub/");
    assertThat(ada.headers().firstValue("Set-Cookie")).hasValue("hub=hub-1; Path=/; HttpOnly");
    assertThat(ask("bob").headers().firstValue("Set-Cookie"))
        .hasValue("hub=hub-2; Path=/; HttpOnly");
    assertThat(ask("ada").headers().map())
        .containsEntry("set-cookie", ada.headers().allValues("Set-Cookie"));
    assertThat(hubs.find("ada")).isPresent();
  }

  @Test
  @DisplayName("an invalid name and a missing one get 400 with one line")
  void badName() throws Exception {
    for (String name : new String[] {"x".repeat(1_000), ""}) {
      HttpResponse<String> refused = ask(name);
      assertThat(refused.statusCode()).isEqualTo(400);
      assertThat(refused.body()).isEqualTo("this user name is not valid\n");
      assertThat(refused.headers().firstValue("Set-Cookie")).isEmpty();
    }
  }

  @Test
  @DisplayName("no open bin is 503 for a new user, and a known one is still sent on")
  void noOpenBin() throws Exception {
    ask("ada");
    ShardAdmin admin = ShardAdmin.builder("hub", store).build();
    for (String bin : new String[] {"hub-1", "hub-2"}) {
      admin.changeBin(bin, open -> open.withState(BinState.CORDONED), new Note("test", ""));
    }
    assertThat(ask("bob").statusCode()).isEqualTo(503);
    assertThat(ask("ada").statusCode()).isEqualTo(302);
  }

  @Test
  @DisplayName("a failing store is 503 with one line that shows nothing of it")
  void failingStore() throws Exception {
    Jdbi.create(database)
        .useHandle(handle -> handle.execute("ALTER TABLE sharder_assignment RENAME TO away"));
    HttpResponse<String> refused = ask("ada");
    assertThat(refused.statusCode()).isEqualTo(503);
    assertThat(refused.body()).isEqualTo("no hub is available now; try again later\n");
  }

  private HttpResponse<String> ask(String user) throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/shard");
    HttpRequest request = HttpRequest.newBuilder(uri).header("REMOTE_USER", user).build();
    return client.send(request, BodyHandlers.ofString());
  }
}
