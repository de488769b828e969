package dev.sharder.examples.hub.server;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import dev.sharder.examples.hub.server.RunningHub.HubAnswer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The user whom nginx names")
class NamedUserTest extends LoggingServer {

  @ParameterizedTest
  @ValueSource(strings = {"X-Other: ada", "REMOTE_USER:", "REMOTE_USER:   ", "Remote-User: ada"})
  void whoIsNotNamedGets401AndNothingIsWritten(String header) throws Exception {
    try (RunningHub hub = RunningHub.start(sqlite(), "hub-1")) {
      HubAnswer answer = hub.ask("GET", "/shard", header);
      assertThat(answer.status()).isEqualTo(401);
      assertThat(answer.body())
          .startsWith(
              "{\"title\":\"Unauthorized\",\"status\":401,\"detail\":\"the header REMOTE_USER names"
                  + " no user; have nginx log the user in and set it")
          .contains("underscores_in_headers on;");
      assertThat(answer.headers("Set-Cookie")).isEmpty();
    }
    assertThat(rows(sqlite())).isEmpty();
  }

  @Test
  void userNamesAreLowercasedUnlessTheConfigurationSaysOtherwise() throws Exception {
    try (RunningHub hub = RunningHub.start(sqlite(), "hub-1", "hub-2", "hub-3")) {
      hub.get("/shard", "Ada");
      hub.get("/shard", "ADA");
      hub.get("/shard", "ÉLODIE");
    }
    assertThat(rows(sqlite())).containsOnlyKeys("ada", "élodie");
    Path config = config("lowercase: false\nbins: [hub-1]\n");
    String exact = "jdbc:sqlite:" + folder.resolve("exact.db");
    try (RunningHub hub = RunningHub.start(exact, config)) {
      hub.get("/shard", "Ada");
      hub.get("/shard", "ada");
    }
    assertThat(rows(exact)).containsOnlyKeys("Ada", "ada");
  }

  @Test
  void everyAssignmentIsOneLineInTheLog() throws Exception {
    try (RunningHub hub = RunningHub.start(sqlite(), "hub-1")) {
      log.list.clear();
      hub.get("/shard", "Ada");
      hub.get("/shard", "ada");
      hub.get("/shard", "mallory hub-9 in 0.000 ms for user eve");
    }
    assertThat(log.list).extracting(ILoggingEvent::getFormattedMessage).hasSize(3);
    assertThat(log.list.get(0).getFormattedMessage())
        .matches("new hub-1 in \\d+\\.\\d{3} ms for user ada");
    assertThat(log.list.get(1).getFormattedMessage())
        .matches("found hub-1 in \\d+\\.\\d{3} ms for user ada");
    assertThat(log.list.get(2).getFormattedMessage())
        .matches("new hub-1 in \\d+\\.\\d{3} ms for user mallory hub-9 in 0.000 ms for user eve");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\tb", "a\u0085b", "a\u2028b", "a\u2029b", "a\u009bb"})
  void aNameWithControlCharactersGets400AndOneLogLineThatShowsThemByNumber(String user)
      throws Exception {
    try (RunningHub hub = RunningHub.start(sqlite(), "hub-1")) {
      log.list.clear();
      HubAnswer answer = hub.get("/shard", user);
      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.headers("Set-Cookie")).isEmpty();
    }
    assertThat(log.list)
        .extracting(ILoggingEvent::getFormattedMessage)
        .singleElement()
        .asString()
        .matches("object name 'a\\\\u[0-9a-f]{4}b' has a control character.*");
    assertThat(rows(sqlite())).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\u0001b", "a\u007fb", "a\u001b[2Jb", "a\0b", "a\rb", "a\nb"})
  void aControlCharacterThatHttpForbidsGets400(String user) throws Exception {
    try (RunningHub hub = RunningHub.start(sqlite(), "hub-1")) {
      log.list.clear();
      assertThat(hub.get("/shard", user).status()).isEqualTo(400);
    }
    assertThat(log.list)
        .extracting(ILoggingEvent::getFormattedMessage)
        .allSatisfy(line -> assertThat(line).matches("[^\\p{Cntrl}]*"));
    assertThat(rows(sqlite())).isEmpty();
  }

  @Test
  void aHeaderThatComesTwiceOrIsNotUtf8OrIsTooLongGets400() throws Exception {
    try (RunningHub hub = RunningHub.start(sqlite(), "hub-1")) {
      HubAnswer twice = hub.ask("GET", "/shard", "REMOTE_USER: ada", "REMOTE_USER: eve");
      assertThat(twice.status()).isEqualTo(400);
      assertThat(twice.body()).contains("came 2 times");
      byte[] latin1 =
          "GET /shard HTTP/1.1\r\nHost: x\r\nREMOTE_USER: jos\u00e9\r\nConnection: close\r\n\r\n"
              .getBytes(StandardCharsets.ISO_8859_1);
      HubAnswer notUtf8 = RunningHub.send(hub.port(), latin1);
      assertThat(notUtf8.status()).isEqualTo(400);
      assertThat(notUtf8.body()).contains("is not UTF-8");
      assertThat(hub.get("/shard", "x".repeat(256)).status()).isEqualTo(400);
      assertThat(hub.get("/shard", "x".repeat(255)).status()).isEqualTo(302);
    }
    assertThat(rows(sqlite())).containsOnlyKeys("x".repeat(255));
  }

  @Test
  void whoeverIsNotTrustedIsRefusedAndLogged() throws Exception {
    try (RunningHub hub = RunningHub.start(sqlite(), config("trusted: [10.0.0.0/8]\n"), "a")) {
      for (String target : List.of("/shard", "/auth", "/elsewhere")) {
        HubAnswer answer = hub.get(target, "ada");
        assertThat(answer.status()).isEqualTo(403);
        assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
        assertThat(answer.body()).contains("\"status\":403", "go through it");
      }
      assertThat(rows(sqlite())).isEmpty();
    }
    assertThat(log.list)
        .filteredOn(event -> event.getLevel() == Level.WARN)
        .extracting(ILoggingEvent::getFormattedMessage)
        .isNotEmpty()
        .allMatch(line -> line.startsWith("refused 127.0.0.1,"));
    Path config = config("trusted: ['127.0.0.1', '::1']\n");
    try (RunningHub hub = RunningHub.start(sqlite(), config, "a")) {
      assertThat(hub.cookie("ada")).startsWith("hub=a;");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0.0.0.0/0, true", "127.0.0.1/32, true", "127.0.0.0/31, true", "126.0.0.0/8, false",
    "::/0, false", "::1/128, false", "fd00::/8, false", "2001:db8::/32, false"
  })
  void aTrustedNetworkHoldsItsAddressesAndNoOther(String network, boolean isIn) throws Exception {
    try (RunningHub hub =
        RunningHub.start(sqlite(), config("trusted: ['" + network + "']\n"), "a")) {
      assertThat(hub.get("/auth", "ada").status()).isEqualTo(isIn ? 204 : 403);
    }
  }
}
