package dev.sharder.examples.hub.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.sharder.examples.FuzzInput;
import dev.sharder.examples.hub.config.Settings;
import dev.sharder.examples.hub.config.SettingsReader;
import dev.sharder.examples.hub.redirect.ReturnPathFuzzTest;
import dev.sharder.examples.hub.server.RawAnswers.RawAnswer;
import io.undertow.util.StatusCodes;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;

@DisplayName("Any request gets one answer, which leads nowhere else and lets no one else in")
@Timeout(60)
class RequestFuzzTest {

  private static final String USER = "ada";
  private static final Settings SETTINGS =
      SettingsReader.read(
          null,
          "127.0.0.1:0",
          "jdbc:sqlite::memory:",
          List.of("hub-1"),
          Map.of("SHARDER_COOKIE_KEYS", "k".repeat(32)));
  private static final HubServer SERVER = HubServer.start(SETTINGS);

  /**
   * The lines are a method with a target, X-Original-URI, Cookie and REMOTE_USER; for $cookie the
   * right one of ada is put in.
   */
  @FuzzTest
  void isAnsweredSafely(byte[] input) throws IOException {
    List<String> parts = FuzzInput.parts(input, 4, ISO_8859_1);
    String right = SETTINGS.cookie().value(USER, "hub-1");
    String cookie = parts.get(2).replace("$cookie", right);
    String user = parts.get(3).lines().findFirst().orElse("");
    RawAnswers answers =
        RawAnswers.to(
            SERVER.port(),
            parts.get(0)
                + " HTTP/1.1\r\nHost: hub.example.org\r\nContent-Length: 0\r\nConnection: close\r\n"
                + ("X-Original-URI: " + parts.get(1) + "\r\n")
                + ("Cookie: " + cookie + "\r\n")
                + ("REMOTE_USER: " + user + "\r\n\r\n"));
    assertThat(answers.answers().size()).isLessThanOrEqualTo(1);
    for (RawAnswer answer : answers.answers()) {
      assertThat(answer.status()).isBetween(200, 499);
      assertThat(answer.headers("Location")).allMatch(ReturnPathFuzzTest::staysOnTheSite);
      assertThat(answer.headers("Set-Cookie").size()).isLessThanOrEqualTo(1);
      if (parts.get(0).contains("/check") && answer.status() == StatusCodes.NO_CONTENT) {
        assertThat(cookie).contains(right);
        assertThat(user.strip()).isEqualToIgnoringCase(USER);
      }
      if (parts.get(0).matches("(PUT|POST|PATCH|DELETE) /api/.*")) {
        assertThat(answer.status()).isGreaterThanOrEqualTo(400);
      }
    }
  }
}
