package dev.sharder.examples.hub.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.Bin;
import dev.sharder.Sharder;
import dev.sharder.examples.hub.cli.HubSharder;
import dev.sharder.examples.hub.server.RunningHub;
import dev.sharder.jdbc.JdbiAssignmentStore;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** Whatever is wrong is one line that names the value and the cure, and nothing is half done. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class BadInputTest {

  @TempDir private Path folder;

  /** What the command left behind. */
  private record ReadOutcome(int exitCode, String err, List<String> files) {}

  static Stream<Arguments> wrongFiles() {
    return Stream.of(
        Arguments.of(
            "bins: [hub-1]\nlisen: 127.0.0.1:1\n",
            " line 2: unknown key 'lisen'; use one of admins, api-hosts, api-token-file, api-tokens, bins,"),
        Arguments.of(
            "bins: [hub-1]\napi-tokens: [hush]\n",
            " line 2: api-tokens: a secret is shorter than 32 characters"),
        Arguments.of(
            "bins: [hub-1]\nproxy-secrets: [hush]\n",
            " line 2: proxy-secrets: a secret is shorter than 32 characters"),
        Arguments.of(
            "admins: [ada]\n",
            "admins: any program at a trusted address could call itself ada and change everything; make a secret"),
        Arguments.of(
            "bins: [hub-1]\nproxy-secret-file: no/such/file\n",
            "proxy-secret-file 'no/such/file' cannot be read"),
        Arguments.of(
            "bins: [hub-1]\nproxy-secret-file: /dev/null\n",
            "proxy-secret-file '/dev/null' holds no secret"),
        Arguments.of("ramp: 0.5\nadmins: ['']\n", " line 2: admins: object name '' is blank"),
        Arguments.of("admins: ada\n", " line 1: admins is not a list"),
        Arguments.of(
            "api-hosts:\n- a.example\n- https://b.example:1\n",
            " line 1: api-hosts: 'https://b.example:1' is not a host name; write it like"),
        Arguments.of(
            "bins: [hub-1]\napi-token-file: no/such/file\n",
            "api-token-file 'no/such/file' cannot be read"),
        Arguments.of(
            "bins:\n- name: hub-1\n  wieght: 2\n",
            " line 3: unknown key 'bins[0].wieght'; use one of capacity, labels, name, offset,"
                + " weight"),
        Arguments.of(
            "bins:\n- name: hub-1\n  weight: heavy\n",
            " line 3: bins[0].weight is 'heavy', not a whole number"),
        Arguments.of("bins:\n- name: hub-1\n  weight: 1.5\n", " line 3: bins[0].weight"),
        Arguments.of("bins:\n- hub-1\n- {name: hub-2, weight: 0}\n", "bin 'hub-2' has weight 0"),
        Arguments.of("bins:\n- weight: 2\n", " line 2: a bin has no name"),
        Arguments.of("bins: hub-1\n", " line 1: bins is not a list"),
        Arguments.of("lowercase: perhaps\n", " line 1: lowercase is 'perhaps', not true or false"),
        Arguments.of("listen: 127.0.0.1:1\nlisten: 127.0.0.1:2\n", " found duplicate key listen"),
        Arguments.of("bins: [hub-1\n", "expected ',' or ']'"),
        Arguments.of("bins: [hub-1]\n---\nbins: [hub-2]\n", "expected a single document"),
        Arguments.of("bins:\n- hub-1\n-\n", "bins has an entry without a value"),
        Arguments.of("bins:\n- name: hub-1\n  labels: {gpu: }\n", "a label without a value"),
        Arguments.of("bins:\n- name: hub-1\n  labels: {gpu: yes}\n", "labels.gpu is not text"),
        Arguments.of("bins:\n- {name: hub-1, capacity: 99999999999999999999}\n", " line 2: "),
        Arguments.of("ramp: 1.5\n", "ramp has a share of 1.5; use one between 0 and 1"),
        Arguments.of(
            "bins: [hub-1]\nramp: much\n", " line 2: ramp is 'much', not a number such as 0.5"),
        Arguments.of(
            "bins: [hub-1]\ntrusted: [nginx]\n",
            " line 2: trusted peer 'nginx' is not an address or network"),
        Arguments.of("trusted: [10.0.0.0/99]\n", "trusted peer '10.0.0.0/99' is not an address"),
        Arguments.of("trusted:\n-\n", "trusted has an entry without a value"),
        Arguments.of("? [a]\n: b\n", " line 1: a key is missing or not text"),
        Arguments.of(
            "ramp: 0.5\nlisten: \"a\u0001b\"\n",
            " line 2: listen: the character U+0001 is not allowed in YAML; remove it"),
        Arguments.of("&a [*a]\n", " line 1: it contains itself, by '&' and '*'; write out what it"),
        Arguments.of("ramp: 0.5\nbins: &a [*a]\n", " line 2: bins: it contains itself, by '&'"),
        Arguments.of(
            "bins:\n- hub-1\n- &b {name: hub-2, labels: {a: *b}}\n",
            " line 3: bins: it contains itself"),
        Arguments.of("hubs: &a\n- *a\n", " line 1: hubs: it contains itself, by '&' and '*';"),
        Arguments.of("ramp: 0.5\n? &a [*a]\n: b\n", " line 2: ramp: a key is missing or not text"),
        Arguments.of(
            "listen: x\nramp: !!int x\n", " line 2: ramp: it is not of the type that '!!' names"),
        Arguments.of(
            "ramp: 0.5\ndatabase-password: !!timestamp secret\n",
            " line 2: database-password: it is not of the type that '!!' names"),
        Arguments.of("bins:\n\t- hub-1\n", " line 2: bins: while scanning for the next token"),
        Arguments.of(
            "bins: &a [1]\nramp: [" + "*a,".repeat(51) + "]\n",
            "nested too deeply or has too many aliases: "),
        Arguments.of("bins: " + "[".repeat(51) + "\n", "; write out what each '*' refers to"),
        Arguments.of("just a text\n", " line 1: the file is not a mapping"),
        Arguments.of(
            "bins:\n- hub-1\n- name: hub-2\n  labels: {a: [x]}\n\nlocation: x\n", " line 4: "),
        Arguments.of("bins: [hub-1,hub-1]\n", " line 1: bin 'hub-1' is named twice"),
        Arguments.of("bins:\n- hub-1\n- 'hub 1'\n", " line 3: bin 'hub 1' has a name that no"),
        Arguments.of(
            "# where\nlocation: https://one.example/\n",
            " line 2: location 'https://one.example/' sends every user to the same place; put {bin}"),
        Arguments.of("location: '{bin}/hub'\n", "is not an http or https URL"),
        Arguments.of("location: '//{bin}/hub'\n", "is not an http or https URL"),
        Arguments.of("location: 'https://{bin}.日本/'\n", "is not an http or https URL"),
        Arguments.of("cookie-domain: a b\n", " line 1: cookie-domain 'a b' is not a domain"),
        Arguments.of("cookie-domain: 'x.org; Secure'\n", " line 1: cookie-domain"),
        Arguments.of("cookie-max-age: 0\n", " line 1: cookie-max-age 0 is not a number of seconds"),
        Arguments.of("cookie-max-age: 4h\n", " line 1: cookie-max-age is '4h', not a whole number"),
        Arguments.of("cookie-same-site: none\n", " line 1: cookie-same-site 'none' is unknown;"),
        Arguments.of(
            "ramp: 0.5\nlti-url: hub.example.org\n",
            " line 2: lti-url 'hub.example.org' is not a URL without a query"),
        Arguments.of("lti-consumers:\n- a:b\n- c\n", " line 3: an LTI consumer is not key:secret"),
        Arguments.of(
            "lti-consumers: ['a:b', 'a:c']\n", " line 1: lti-consumers names a twice; keep one"),
        Arguments.of(
            "lti-platforms:\n- issuer: https://lms.example\n  deployments: ['1']\n",
            " line 2: an LTI platform has no client-id"),
        Arguments.of(
            "lti-platforms:\n- {issuer: i, client-id: c, auth-url: 'http://lms.example', jwks-url: x, deployments: [d]}\n",
            " line 2: auth-url 'http://lms.example' of an LTI platform is not an https URL"),
        Arguments.of("cookie-keys:\n- secret\n", " line 1: cookie-keys has a key of fewer than"),
        Arguments.of("nginx-variable: hub\n", " line 1: 'hub' is not an nginx variable"),
        Arguments.of("listen: localhost\n", " line 1: listen address 'localhost' is not HOST"),
        Arguments.of(
            "hubs:\n- name: a\n- name: b\n  extra_shards: some\n",
            " line 4: hubs[1].extra_shards is 'some', not a whole number"));
  }

  @ParameterizedTest
  @MethodSource("wrongFiles")
  void aWrongConfigurationFileIsOneLineAndExitCodeTwo(String yaml, String complaint)
      throws Exception {
    Path config = Files.writeString(folder.resolve("sharder.yml"), yaml);
    ReadOutcome outcome = serve("--config", config.toString());
    assertOneLine(outcome, 2, complaint);
    assertThat(outcome.files()).containsExactly("sharder.yml");
  }

  @Test
  void anAliasStandsForWhatItNames() throws Exception {
    Path config =
        Files.writeString(
            folder.resolve("sharder.yml"),
            "bins:\n- {name: hub-1, labels: &l {a: b}}\n- {name: &n hub-2, labels: *l}\n");
    assertThat(read(config).declared())
        .containsExactly(
            Bin.of("hub-1").withLabels(Map.of("a", "b")),
            Bin.of("hub-2").withLabels(Map.of("a", "b")));
  }

  @Test
  void theFileInTheDocumentationIsAFileThatIsRead() throws Exception {
    String page = Files.readString(Path.of("../docs/hub-sharder.md"));
    int start = page.indexOf("```yaml\n") + "```yaml\n".length();
    String yaml = page.substring(start, page.indexOf("```", start));
    Path config = Files.writeString(folder.resolve("sharder.yml"), yaml);
    assertThat(read(config).declared())
        .extracting(Bin::name)
        .containsExactly("hub-1", "hub-2", "hub-3");
    Files.writeString(config, yaml.replace("# location", "location").replace("# ramp", "ramp"));
    assertThat(read(config).location()).contains("{bin}").contains("{path}");
    assertThat(read(config).ramp()).isEqualTo(0.5);
  }

  @Test
  void aConfigurationFileThatIsMissingIsOneLine() throws Exception {
    assertOneLine(
        serve("--config", folder.resolve("none.yml").toString()), 2, "none.yml' cannot be read");
  }

  @Test
  void aConfigurationFileThatIsNoUtf8IsOneLine() throws Exception {
    Path config = folder.resolve("sharder.yml");
    Files.write(config, "bins: [jos\u00e9]\n".getBytes(StandardCharsets.ISO_8859_1));
    assertOneLine(serve("--config", config.toString()), 2, "name a readable YAML file in UTF-8");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "# nothing here yet\n", "---\n", "bins: []\n", "bins:\n"})
  void aFileThatSaysNothingLeavesTheDefaults(String yaml) throws Exception {
    Path config = Files.writeString(folder.resolve("sharder.yml"), yaml);
    try (RunningHub hub = RunningHub.start("jdbc:sqlite::memory:", config)) {
      assertThat(hub.get("/shard", "ada").header("Set-Cookie")).startsWith("hub=hub-1;");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "hub 1", "hub;1", "hub,1", "hub\"1", "hub\\1", "hübli", "", "a\nb",
      })
  void aBinNameThatNoCookieCanCarryIsOneLine(String name) throws Exception {
    ReadOutcome outcome = serve("--bin", name);
    assertOneLine(outcome, 2, "bin");
    assertThat(outcome.err())
        .containsPattern("no cookie can carry|name '.*' is blank|control character");
    assertThat(outcome.files()).isEmpty();
  }

  @Test
  void twoBinsOfOneNameAreOneLine() throws Exception {
    assertOneLine(
        serve("--bin", "hub-1", "--bin", "hub-1"),
        2,
        "bin 'hub-1' is named twice; keep one of the two, in the file or with --bin");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"8888", "localhost", "localhost:", ":8888", "host:port", "host:99999", "a/b:1"})
  void aListenAddressThatIsNoneIsOneLine(String listen) throws Exception {
    assertOneLine(serve("--listen", listen), 2, "'" + listen + "' is not HOST:PORT");
  }

  @Test
  void aPortInUseIsOneLineAndNoDatabaseIsMade() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String listen = "127.0.0.1:" + taken.getLocalPort();
      ReadOutcome outcome = run("serve", "--listen", listen, "--database", sqlite());
      assertOneLine(outcome, 1, "cannot listen on 127.0.0.1 port " + taken.getLocalPort());
      assertThat(outcome.files()).isEmpty();
    }
  }

  static Stream<Arguments> unreachableDatabases() {
    return Stream.of(
        Arguments.of("jdbc:sqlite:/no/such/folder/sharder.db", "/no/such/folder"),
        Arguments.of("jdbc:postgresql://127.0.0.1:1/x?user=u&password=hush", "127.0.0.1:1/x"),
        Arguments.of(
            "jdbc:postgresql://u:hush@127.0.0.1:1/x", "write jdbc:postgresql://127.0.0.1:1/x"),
        Arguments.of("jdbc:postgresql://no.such.host.invalid/x", "UnknownHostException"),
        Arguments.of("jdbc:mariadb://127.0.0.1:1/x?user=u&password=hush", "127.0.0.1:1/x"),
        Arguments.of("jdbc:mysql://127.0.0.1/x?password=hush", "write jdbc:mariadb://127.0.0.1/x"),
        Arguments.of("sharder.db", "sharder.db"));
  }

  @ParameterizedTest
  @MethodSource("unreachableDatabases")
  void aDatabaseThatCannotBeReachedIsOneLineWithoutItsPassword(String url, String complaint)
      throws Exception {
    ReadOutcome outcome = run("serve", "--listen", "127.0.0.1:0", "--database", url);
    assertOneLine(outcome, 1, "cannot open the database ");
    assertThat(outcome.err()).contains(complaint).contains("--database").doesNotContain("hush");
  }

  @Test
  void aFileThatIsNoDatabaseIsOneLineAndStaysAsItIs() throws Exception {
    Path file = Files.writeString(folder.resolve("sharder.db"), "dear diary, ".repeat(500));
    ReadOutcome outcome = serve();
    assertOneLine(outcome, 1, "not a database");
    assertThat(Files.readString(file)).startsWith("dear diary, dear diary");
  }

  @Test
  void aBinInTheDatabaseThatNoCookieCanCarryIsOneLine() throws Exception {
    try (HikariDataSource pool = new HikariDataSource()) {
      pool.setJdbcUrl(sqlite());
      try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool)) {
        Sharder.builder("hub", store).bins("hub 1").build().close();
      }
    }
    assertOneLine(serve(), 2, "bin 'hub 1' has a name that no cookie can carry");
  }

  @Test
  void aMissingOrUnknownCommandOrOptionIsOneLine() {
    assertOneLine(run(), 2, "Missing required subcommand; see 'sharder --help'");
    assertOneLine(run("serv"), 2, "Unmatched argument");
    assertOneLine(run("serve", "--lisen", "x"), 2, "--lisen");
    assertOneLine(run("serve", "--listen"), 2, "see 'sharder serve --help'");
  }

  @Test
  void helpAndVersionAreOnEveryCommand() {
    for (String command : List.of("", "serve", "proxy")) {
      for (String option : List.of("--help", "--version", "-h", "-V")) {
        List<String> args = new ArrayList<>(List.of(command, option));
        args.remove("");
        assertThat(run(args.toArray(String[]::new)).exitCode()).as("%s", args).isZero();
      }
    }
  }

  private static RawSettings read(Path config) {
    return new SettingsSources(config, Map.of(), Map.of()).settings();
  }

  private static void assertOneLine(ReadOutcome outcome, int exitCode, String complaint) {
    assertThat(outcome.err().lines()).as(outcome.err()).hasSize(1);
    assertThat(outcome.err()).startsWith("sharder").contains(complaint);
    assertThat(outcome.exitCode()).isEqualTo(exitCode);
  }

  private ReadOutcome serve(String... more) {
    List<String> args = new ArrayList<>(List.of("serve", "--database", sqlite()));
    if (!List.of(more).contains("--listen") && !List.of(more).contains("--config")) {
      args.addAll(List.of("--listen", "127.0.0.1:0"));
    }
    args.addAll(List.of(more));
    return run(args.toArray(String[]::new));
  }

  private ReadOutcome run(String... args) {
    StringWriter err = new StringWriter();
    CommandLine commandLine = HubSharder.commandLine();
    commandLine.setErr(new PrintWriter(err, true));
    commandLine.setOut(new PrintWriter(new StringWriter(), true));
    int exitCode = commandLine.execute(args);
    return new ReadOutcome(exitCode, err.toString(), files());
  }

  private List<String> files() {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    } catch (IOException failure) {
      throw new AssertionError(failure);
    }
  }

  private String sqlite() {
    return "jdbc:sqlite:" + folder.resolve("sharder.db");
  }
}
