package dev.sharder.examples.hub.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sharder.Bin;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said in the file, in the environment and by options comes to the same. */
class SettingsTest {

  private static final String KEY = "k".repeat(32);

  private static final String PLATFORM =
      "{issuer: i, client-id: c, auth-url: 'https://l.example/a', jwks-url: 'https://l.example/j', deployments: ['1']}";

  /** Each key with a value as YAML, and as an environment variable. */
  private static final Map<String, List<String>> VALUES =
      Map.ofEntries(
          Map.entry("listen", List.of("10.0.0.1:80", "10.0.0.1:80")),
          Map.entry("database", List.of("jdbc:sqlite:x.db", "jdbc:sqlite:x.db")),
          Map.entry("database-user", List.of("'7'", "7")),
          Map.entry("database-password", List.of("'a: b, c'", "a: b, c")),
          Map.entry("replica", List.of("jdbc:postgresql://r/x", "jdbc:postgresql://r/x")),
          Map.entry(
              "bins", List.of("[hub-1, {name: b, weight: 2}]", "[hub-1, {name: b, weight: 2}]")),
          Map.entry("lowercase", List.of("false", "false")),
          Map.entry("location", List.of("'/{bin}{path}'", "/{bin}{path}")),
          Map.entry("ramp", List.of("0.5", "0.5")),
          Map.entry("match-labels", List.of("[region, tier]", "region, tier")),
          Map.entry("stale-if-error", List.of("60", "60")),
          Map.entry("trusted", List.of("[10.0.0.0/8, '::1']", "10.0.0.0/8, ::1")),
          Map.entry("proxy-secrets", List.of("[" + KEY + "]", KEY)),
          Map.entry("proxy-secret-file", List.of("secrets", "secrets")),
          Map.entry("cookie-domain", List.of("example.org", "example.org")),
          Map.entry("cookie-max-age", List.of("60", "60")),
          Map.entry("cookie-same-site", List.of("None", "None")),
          Map.entry("cookie-keys", List.of("[" + KEY + "]", KEY)),
          Map.entry("proxy-listen", List.of("10.0.0.1:80", "10.0.0.1:80")),
          Map.entry("proxy-tls-certificate", List.of("cert.pem", "cert.pem")),
          Map.entry("proxy-tls-key", List.of("key.pem", "key.pem")),
          Map.entry("proxy-user-header", List.of("X-User", "X-User")),
          Map.entry("proxy-health-path", List.of("'/{bin}/x'", "/{bin}/x")),
          Map.entry("proxy-place-on-down-hubs", List.of("true", "true")),
          Map.entry("proxy-cut-websockets", List.of("true", "true")),
          Map.entry("proxy-head-bytes", List.of("4096", "4096")),
          Map.entry("proxy-idle", List.of("60", "60")),
          Map.entry("proxy-drain", List.of("60", "60")),
          Map.entry("proxy-routes-listen", List.of("127.0.0.1:8001", "127.0.0.1:8001")),
          Map.entry("proxy-routes-token", List.of("0123456789abcdef", "0123456789abcdef")),
          Map.entry("nginx-map", List.of("hubs.conf", "hubs.conf")),
          Map.entry("nginx-variable", List.of("$sharder_bin", "$sharder_bin")),
          Map.entry("nginx-resolver", List.of("[127.0.0.53, '[::1]:53']", "127.0.0.53, [::1]:53")),
          Map.entry("api-tokens", List.of("[" + KEY + ", 'a:" + KEY + "']", KEY + ",a:" + KEY)),
          Map.entry("api-token-file", List.of("tokens", "tokens")),
          Map.entry("admins", List.of("[ada, bob]", "ada, bob")),
          Map.entry("api-hosts", List.of("[a.example, b]", "a.example,b")),
          Map.entry("lti-url", List.of("https://h.example/x", "https://h.example/x")),
          Map.entry("lti-consumers", List.of("['a:b:c', d:e]", "a:b:c, d:e")),
          Map.entry("lti-user", List.of("email", "email")),
          Map.entry("lti-platforms", List.of("[" + PLATFORM + "]", "[" + PLATFORM + "]")));

  @TempDir private Path folder;

  @Test
  void everyKeyIsAnEnvironmentVariableToo() throws Exception {
    assertThat(VALUES).hasSize(RawSettings.class.getRecordComponents().length);
    for (Map.Entry<String, List<String>> value : VALUES.entrySet()) {
      Path file = file(value.getKey() + ": " + value.getValue().get(0) + "\n");
      String variable = "SHARDER_" + value.getKey().toUpperCase().replace('-', '_');
      Settings read = settings(null, Map.of(variable, value.getValue().get(1)));
      assertThat(read).as(variable).isNotEqualTo(settings(null, Map.of()));
      assertThat(read).as(variable).isEqualTo(settings(file, Map.of()));
    }
  }

  @Test
  void anOptionWinsOverTheEnvironmentWhichWinsOverTheFile() throws Exception {
    Path file = file("listen: a.example:1\nramp: 0.1\nlowercase: false\n");
    Map<String, String> environment =
        Map.of("SHARDER_LISTEN", "b.example:2", "SHARDER_RAMP", "0.2", "SHARDER_LOWERCASE", "");
    Settings settings = SettingsReader.read(file, "c.example:3", null, List.of(), environment);
    assertThat(settings.host()).isEqualTo("c.example");
    assertThat(settings.ramp()).hasValue(0.2);
    assertThat(settings.users().lowercase()).isFalse();
  }

  @Test
  void namesWithCommasAreAListInTheEnvironment() {
    assertThat(settings(null, Map.of("SHARDER_BINS", "hub-1,hub-2 , hub-3")).bins())
        .containsExactly(Bin.of("hub-1"), Bin.of("hub-2"), Bin.of("hub-3"));
  }

  @Test
  void aWrongVariableIsNamedWithTheCure() throws Exception {
    Path file = file("ramp: 0.1\n");
    Map<String, String> wrong =
        new TreeMap<>(
            Map.of(
                "SHARDER_RAMP", "much",
                "SHARDER_BINS", "[hub-1",
                "SHARDER_TRUSTED", "nginx",
                "SHARDER_LISTEN", "here",
                "SHARDER_COOKIE_KEYS", "short",
                "SHARDER_LTI_CONSUMERS", "key",
                "SHARDER_LTI_PLATFORMS", "[{issuer: https://lms.example.org}]",
                "SHARDER_LTI_URL", "hub.example.org",
                "SHARDER_LOWERCASE", "perhaps"));
    wrong.forEach(
        (variable, value) ->
            assertThatThrownBy(() -> settings(file, Map.of(variable, value)))
                .isInstanceOf(SettingsException.class)
                .hasMessageStartingWith(variable)
                .hasMessageNotContaining("line"));
  }

  @Test
  void theCommentedExampleNamesEveryKeyAndIsReadWithAndWithoutItsComments() throws Exception {
    Path example = Path.of("").toAbsolutePath().resolve("deploy/sharder.yml");
    assertThat(settings(example, Map.of()).bins()).isNotEmpty();
    String text = Files.readString(example);
    Matcher commented = Pattern.compile("(?m)^#([a-z-]+:.*)$").matcher(text);
    while (commented.find()) {
      assertThat(settings(file(commented.group(1) + "\n"), Map.of()))
          .as(commented.group())
          .isNotEqualTo(settings(null, Map.of()));
    }
    String hubs = text.replaceAll("(?m)^#(?=- |  )", "");
    assertThat(settings(file(hubs), Map.of()).bins()).hasSize(3);
    assertThat(
            text.lines()
                .filter(line -> line.matches("#?[a-z-]+:.*"))
                .map(line -> line.replaceAll("#|:.*", ""))
                .distinct())
        .containsExactlyInAnyOrderElementsOf(VALUES.keySet());
  }

  @Test
  @DisplayName("{bin} in a location takes plain names alone, at the start and for each user")
  void placesOfBins() throws Exception {
    for (String template : List.of("https://{bin}.example.org{path}", "/{bin}{path}")) {
      Settings settings = settings(file("location: '" + template + "'\n"), Map.of());
      for (String name : List.of("hub-1", "H.1-b", "evil.example")) {
        settings.location().checkBin(name);
        settings.location().checkName(name);
      }
      for (String name :
          List.of(
              "evil.example/",
              "evil.example#",
              "a?",
              "a:80",
              "u@a",
              ".a",
              "_a",
              "-a",
              "..",
              "a!",
              "a&b",
              "a*",
              "a|b",
              "a~",
              "$a",
              "{bin}",
              "{path}",
              "/",
              "//evil.example")) {
        assertThatThrownBy(() -> settings.location().checkBin(name))
            .as(name)
            .hasMessageContaining(name);
        assertThatThrownBy(() -> settings.location().checkName(name))
            .as(name)
            .hasMessageContaining(name);
        assertThatThrownBy(
                () ->
                    SettingsReader.read(
                        file("location: '" + template + "'\n"),
                        null,
                        null,
                        List.of(name),
                        Map.of()))
            .as(name)
            .hasMessageContaining(name);
      }
    }
  }

  @Test
  void theFileOfCallystosSharderIsReadAsItIs() throws Exception {
    Path theirs =
        file(
            """
            cookie_secret: abc
            db_file: ./their.db
            db_type: sqlite
            domain: example.org
            hubs:
              - name: hub-01.example.org
              - name: hub-02.example.org
                extra_shards: 403
            sharder_listen: 0.0.0.0
            """);
    Settings settings = settings(theirs, Map.of());
    assertThat(settings.bins())
        .containsExactly(
            Bin.of("hub-01.example.org"), Bin.of("hub-02.example.org").withOffset(403));
    assertThat(settings.database().url()).isEqualTo("jdbc:sqlite:" + folder.resolve("their.db"));
    assertThat(settings.host()).isEqualTo("0.0.0.0");
    assertThat(settings.port()).isEqualTo(8888);
    assertThat(settings.cookie().domain()).hasValue("example.org");
    assertThat(settings.location().template()).hasValue("https://{bin}/jupyter/hub{path}");
    assertThat(settings.users().lowercase()).isFalse();
    assertThat(settings(theirs, Map.of("SHARDER_DATABASE", "jdbc:sqlite:our.db")).database().url())
        .isEqualTo("jdbc:sqlite:our.db");
  }

  @Test
  void theirPostgresIsFoundWithItsUserAndPassword() throws Exception {
    Settings settings =
        settings(
            file(
                "db_type: postgresql\ndb_host: h:5433\ndb_name: n\ndb_user: u\ndb_password: 12\n"
                    + "hubs: [{name: a}]\n"),
            Map.of());
    assertThat(settings.database().url()).isEqualTo("jdbc:postgresql://h:5433/n");
    assertThat(settings.database().user()).hasValue("u");
    assertThat(settings.database().password()).hasValue("12");
  }

  @Test
  void theirEnvironmentWinsOverTheirFileAndOurKeysMayStandInIt() throws Exception {
    Path theirs = file("hubs: [{name: a}]\ndb_user: u\nramp: 0.5\n");
    Map<String, String> environment =
        Map.of("DB_TYPE", "postgresql", "DB_HOST", "h", "DB_NAME", "n", "DB_USER", "other");
    Settings settings = settings(theirs, environment);
    assertThat(settings.database().url()).isEqualTo("jdbc:postgresql://h/n");
    assertThat(settings.database().user()).hasValue("other");
    assertThat(settings.ramp()).hasValue(0.5);
  }

  @Test
  void aSecretIsInNoMessageAboutTheSettings() {
    for (String variable :
        List.of(
            "SHARDER_COOKIE_KEYS",
            "SHARDER_API_TOKENS",
            "SHARDER_LTI_CONSUMERS",
            "SHARDER_LTI_PLATFORMS")) {
      assertThatThrownBy(() -> settings(null, Map.of(variable, "hush")))
          .hasMessageNotContaining("hush");
    }
    assertThat(settings(null, Map.of("SHARDER_LTI_CONSUMERS", "key:hush")).toString())
        .contains("key")
        .doesNotContain("hush");
  }

  private static Settings settings(Path file, Map<String, String> environment) {
    return SettingsReader.read(file, null, null, List.of(), environment);
  }

  private Path file(String yaml) throws IOException {
    return Files.writeString(folder.resolve("sharder.yml"), yaml);
  }
}
