package dev.sharder.examples.hub.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.sharder.examples.hub.cli.HubSharder;
import dev.sharder.examples.hub.server.HubServer;
import dev.sharder.examples.hub.server.RunningHub;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The {@code sharder.yml} of callysto's sharder serves here as well. */
@Timeout(60)
class CallystoServeTest {

  @TempDir private Path folder;

  private Path yml;

  @BeforeEach
  void write() throws Exception {
    yml =
        Files.writeString(
            folder.resolve("sharder.yml"),
            """
            db_file: ./sharder.db
            db_type: sqlite
            domain: example.org
            hubs:
              - name: hub-01.example.org
              - name: hub-02.example.org
                extra_shards: 403
            """);
  }

  @Test
  void itServesFromTheFirstDayAsTheirsDid() throws Exception {
    try (RunningHub hub = serve()) {
      assertAdaIsAt(hub, "hub-01.example.org");
      assertThat(hub.get("/shard", "bob").header("Location"))
          .isEqualTo("https://hub-01.example.org/jupyter/hub/");
    }
  }

  @Test
  void usersOfTheirsAreTakenOverBeforeItBegins() throws Exception {
    try (Connection connection =
            DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("sharder.db"));
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE TABLE shard (id INTEGER PRIMARY KEY, kind, bucket, name)");
      statement.execute(
          """
          INSERT INTO shard (kind, bucket, name) VALUES
            ('hub', 'hub-01.example.org', 'dummy-hub-01.example.org'),
            ('hub', 'hub-02.example.org', 'dummy-hub-02.example.org'),
            ('hub', 'hub-02.example.org', 'ada')
          """);
    }
    Throwable refusal = catchThrowable(this::serve);
    assertThat(refusal)
        .hasMessageContaining(
            "users of callysto's sharder that were not taken over, such as 'ada'");
    Matcher cure = Pattern.compile("'(import [^']*)'").matcher(refusal.getMessage());
    assertThat(cure.find()).isTrue();
    assertThat(HubSharder.commandLine().execute(cure.group(1).split(" "))).isZero();
    try (RunningHub hub = serve()) {
      assertAdaIsAt(hub, "hub-02.example.org");
    }
  }

  @Test
  void aDatabaseThatCannotBeUsedIsNamed() throws Exception {
    Files.writeString(yml, "db_type: oracle\nhubs:\n  - name: a\n");
    assertThatThrownBy(this::serve).hasMessageContaining("the database type 'oracle'");
  }

  private RunningHub serve() {
    return new RunningHub(
        HubServer.start(SettingsReader.read(yml, "127.0.0.1:0", null, List.of(), Map.of())));
  }

  private static void assertAdaIsAt(RunningHub hub, String bin) throws Exception {
    RunningHub.HubAnswer answer =
        hub.get("/shard/user-redirect/git-pull?repo=https%3A%2F%2Fx&a=1&a=2", "ada");
    assertThat(answer.header("Set-Cookie"))
        .isEqualTo("hub=" + bin + "; Domain=example.org; Path=/; HttpOnly; SameSite=Lax");
    assertThat(answer.header("Location"))
        .isEqualTo(
            "https://%s/jupyter/hub/user-redirect/git-pull?repo=https%%3A%%2F%%2Fx&a=1&a=2"
                .formatted(bin));
  }
}
