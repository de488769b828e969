package dev.sharder.examples.hub.lti;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.examples.hub.server.RunningHub;
import dev.sharder.examples.hub.server.RunningHub.HubAnswer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Servers that a learning platform may launch by LTI 1.3. */
abstract class OnLearningPlatform {

  @TempDir private Path folder;

  LearningPlatform platform;

  @BeforeEach
  void startPlatform() {
    platform = new LearningPlatform();
  }

  @AfterEach
  void stopPlatform() {
    platform.close();
  }

  final String sqlite() {
    return "jdbc:sqlite:" + folder.resolve("sharder.db");
  }

  final RunningHub start(String... settings) throws IOException {
    return startOn(sqlite(), settings);
  }

  final RunningHub startOn(String database, String... settings) throws IOException {
    List<String> all = new ArrayList<>(List.of(settings));
    all.add("bins: [hub-1, hub-2]");
    all.add("lti-url: " + SigningConsumer.URL);
    all.add(platform.setting());
    Path config = folder.resolve("sharder.yml");
    Files.writeString(config, String.join("\n", all) + "\n");
    return RunningHub.start(database, config);
  }

  final List<Map<String, Object>> rows(String table) {
    return Jdbi.create(sqlite())
        .withHandle(handle -> handle.createQuery("SELECT * FROM " + table).mapToMap().list());
  }

  final void assertNothingIsWritten() {
    assertThat(rows("sharder_assignment")).isEmpty();
    assertThat(rows("sharder_lti_launch")).isEmpty();
    assertThat(rows("sharder_lti_nonce")).isEmpty();
  }

  static void assertRefused(HubAnswer answer, int status) {
    assertThat(answer.status()).as(answer.body()).isEqualTo(status);
    assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
    assertThat(answer.headers("Set-Cookie")).isEmpty();
    assertThat(answer.headers("X-Accel-Redirect")).isEmpty();
  }
}
