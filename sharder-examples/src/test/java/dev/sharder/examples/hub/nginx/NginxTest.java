package dev.sharder.examples.hub.nginx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.examples.hub.server.RunningHub;
import dev.sharder.examples.hub.server.RunningHub.HubAnswer;
import io.undertow.Undertow;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole way of a user, through the real nginx, where it is installed. */
class NginxTest {

  private static final Duration START_LIMIT = Duration.ofSeconds(20);

  @TempDir private Path folder;

  private RunningHub sharder;
  private Undertow one;
  private Undertow two;
  private RunningNginx nginx;

  @BeforeEach
  void start() throws Exception {
    sharder = RunningHub.start("jdbc:sqlite:" + folder.resolve("sharder.db"), "hub-1", "hub-2");
    one = hub("hub-1");
    two = hub("hub-2");
    String template;
    try (InputStream resource = NginxTest.class.getResourceAsStream("/nginx.conf")) {
      template = new String(resource.readAllBytes(), StandardCharsets.UTF_8);
    }
    nginx = RunningNginx.start(folder, port -> filled(template, port));
  }

  @AfterEach
  void stop() throws InterruptedException {
    if (nginx != null) {
      nginx.close();
    }
    one.stop();
    two.stop();
    sharder.close();
  }

  @Test
  void withoutACookieTheSharderIsAskedAndWithItNginxGoesStraightToTheHub() throws Exception {
    HubAnswer first = ask("ada", "/user/ada/lab?a=1&a=%2F", "");
    assertThat(first.status()).isEqualTo(302);
    assertThat(first.header("Set-Cookie")).isEqualTo("hub=hub-1; Path=/; HttpOnly; SameSite=Lax");
    assertThat(first.header("Location")).isEqualTo("/user/ada/lab?a=1&a=%2F");

    HubAnswer second = ask("ada", first.header("Location"), "hub=hub-1");
    assertThat(second.status()).isEqualTo(200);
    assertThat(second.body()).isEqualTo("hub-1 has /user/ada/lab?a=1&a=%2F");

    // Straight to the hub: it works with the sharder gone.
    sharder.close();
    assertThat(ask("ada", "/", "hub=hub-1").body()).isEqualTo("hub-1 has /");
    assertThat(ask("ada", "/", "").status()).isEqualTo(502);
  }

  @Test
  void theNextUserGoesToTheNextHub() throws Exception {
    assertThat(ask("ada", "/", "").header("Set-Cookie")).startsWith("hub=hub-1;");
    assertThat(ask("bob", "/", "").header("Set-Cookie")).startsWith("hub=hub-2;");
    assertThat(ask("bob", "/x", "hub=hub-2").body()).isEqualTo("hub-2 has /x");
  }

  @Test
  void aCookieThatNamesNoKnownHubIsReplaced() throws Exception {
    assertThat(ask("ada", "/", "hub=evil.example").header("Set-Cookie")).startsWith("hub=hub-1;");
  }

  @Test
  void aUserCannotNameAnother() throws Exception {
    ask("ada", "/", "");
    HubAnswer forged = ask("bob", "/", "", "REMOTE_USER: ada", "Remote-User: ada");
    assertThat(forged.header("Set-Cookie")).startsWith("hub=hub-2;");
  }

  private HubAnswer ask(String user, String target, String cookie, String... headers)
      throws IOException {
    return nginx.ask(user, "GET", target, cookie, headers);
  }

  private static Undertow hub(String name) {
    Undertow hub =
        Undertow.builder()
            .addHttpListener(0, "127.0.0.1")
            .setHandler(
                exchange ->
                    exchange
                        .getResponseSender()
                        .send(
                            name
                                + " has "
                                + exchange.getRequestURI()
                                + (exchange.getQueryString().isEmpty() ? "" : "?")
                                + exchange.getQueryString()))
            .build();
    hub.start();
    return hub;
  }

  private String filled(String template, int port) {
    return template
        .replace("@HUB_1@", String.valueOf(RunningNginx.portOf(one)))
        .replace("@HUB_2@", String.valueOf(RunningNginx.portOf(two)))
        .replace("@HUB_3@", String.valueOf(RunningNginx.portOf(two)))
        .replace("@SHARDER@", String.valueOf(sharder.port()))
        .replace("@NGINX@", String.valueOf(port));
  }
}
