package dev.sharder.examples.hub.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.examples.hub.lti.SigningConsumer;
import dev.sharder.examples.hub.server.RunningHub.HubAnswer;
import dev.sharder.jdbc.TestPostgres;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What an operator types who gives each program a role of its own in PostgreSQL. */
@Timeout(120)
class DatabaseRolesTest {

  private static final SigningConsumer LMS = SigningConsumer.known();

  @TempDir private Path folder;

  @Test
  @DisplayName("serve and the commands work with the grants of docs/security.md alone")
  void leastPrivilege() throws Exception {
    String url = TestPostgres.newDatabase();
    String sharder = url.substring(0, url.lastIndexOf('/') + 1) + "sharder?user=";
    String owner = sharder + "sharder_owner";
    Path config =
        Files.writeString(
            folder.resolve("sharder.yml"),
            "lti-url: "
                + SigningConsumer.URL
                + "\nlti-consumers: ['lms:s&cr=t']\nbins: [hub-1, hub-2]\n");
    run(url, documented(0));
    RunningHub.start(owner, config).close();
    run(owner, documented(1));
    run(owner, documented(2));

    String serve = sharder + "sharder_serve";
    try (RunningHub hub = RunningHub.start(serve, config)) {
      assertThat(hub.get("/shard", "ada").header("Set-Cookie")).startsWith("hub=hub-1;");
      String launch = LMS.signed(LMS.launch("bob"));
      HubAnswer bob = SigningConsumer.post(hub.port(), "/lti/launch", launch);
      assertThat(bob.header("X-Sharder-Bin")).as(bob.body()).isEqualTo("hub-2");
      assertThat(SigningConsumer.post(hub.port(), "/lti/launch", launch).status()).isEqualTo(401);
      assertThat(
              SigningConsumer.post(hub.port(), "/lti/launch", LMS.signed(LMS.launch("bob")))
                  .status())
          .isEqualTo(200);
    }
    String export = folder.resolve("users.jsonl").toString();
    RunningHub.command(serve, "bin", "add", "hub-3");
    RunningHub.command(serve, "move", "ada", "hub-3");
    RunningHub.command(serve, "export", export);
    RunningHub.command(serve, "import", export);
    RunningHub.command(serve, "rebalance", "--yes");
    RunningHub.command(serve, "remove", "bob", "--yes");
    RunningHub.command(serve, "bin", "drain", "hub-3", "--yes");
    RunningHub.command(serve, "verify", "--repair");
    for (String[] look :
        new String[][] {{"bins"}, {"find", "ada"}, {"history", "ada"}, {"list"}, {"verify"}}) {
      RunningHub.command(serve, look);
      RunningHub.command(sharder + "sharder_read", look);
    }
  }

  private static List<String> documented(int block) throws Exception {
    String page = Files.readString(Path.of("").toAbsolutePath().resolve("../docs/security.md"));
    return Pattern.compile("(?ms)^```sql\\n(.*?)^```$")
        .matcher(page)
        .results()
        .skip(block)
        .findFirst()
        .map(found -> List.of(found.group(1).split(";\\s*\\n")))
        .orElseThrow();
  }

  private static void run(String url, List<String> statements) throws SQLException {
    try (Connection connection = DriverManager.getConnection(url);
        Statement statement = connection.createStatement()) {
      for (String one : statements) {
        statement.execute(one);
      }
    }
  }
}
