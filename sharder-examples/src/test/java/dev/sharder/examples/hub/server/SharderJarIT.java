package dev.sharder.examples.hub.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sharder.examples.hub.nginx.EchoHub;
import dev.sharder.examples.hub.server.RunningHub.HubAnswer;
import io.undertow.Undertow;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The jar that people run, run as they run it. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SharderJarIT {

  private static final Pattern ANSWERING =
      Pattern.compile("answering http://127\\.0\\.0\\.1:(\\d+)/shard from (\\S+); hubs (.*)");

  /** Those within another library, whose licences are beside that library's. */
  private static final Set<String> PARTS =
      Set.of(
          "org.antlr:antlr4-runtime",
          "com.google.code.gson:gson",
          "com.github.stephenc.jcip:jcip-annotations",
          "org.jctools:jctools-core",
          "org.jctools:jctools-core-jdk11");

  private static final Pattern UNUSED =
      Pattern.compile(
          "org/(checkerframework|jspecify|springframework)/.*|com/google/(errorprone|j2objc|protobuf)/.*"
              + "|io/prometheus/.*/(protobuf|generated)/.*|dev/sharder/examples/spring/.*"
              + "|(META-INF/versions/\\d+/)?module-info\\.class|META-INF/[^/]*\\.(SF|DSA|RSA|kotlin_module)"
              + "|META-INF/(native-image|proguard|maven/.*pom\\.xml).*|.*/OSGI-INF/.*");

  @TempDir private Path folder;

  private final List<Process> started = new ArrayList<>();

  @AfterEach
  void end() {
    started.forEach(Process::destroyForcibly);
  }

  @Test
  void theJarAnswersOutOfTheBoxOnAnEmbeddedDatabaseAndEndsWhenTold() throws Exception {
    Process first = start("serve", "--listen", "127.0.0.1:0");
    Matcher answering = awaitAnswering(first);
    assertThat(answering.group(2)).isEqualTo("jdbc:sqlite:sharder.db");
    assertThat(answering.group(3)).isEqualTo("hub-1, hub-2, hub-3");
    assertThat(cookieOf(answering, "ada")).startsWith("hub=hub-1;");
    assertThat(cookieOf(answering, "bob")).startsWith("hub=hub-2;");
    first.destroy();
    // As every program that SIGTERM ends; see --help.
    assertThat(first.waitFor()).isEqualTo(128 + 15);
    assertThat(folder.resolve("sharder.db")).exists();

    Matcher again = awaitAnswering(start("serve", "--listen", "127.0.0.1:0"));
    assertThat(cookieOf(again, "bob")).startsWith("hub=hub-2;");
  }

  @Test
  void whatTheJarAnsweredSurvivesAKill() throws Exception {
    Process killed = start("serve", "--listen", "127.0.0.1:0", "--bin", "a", "--bin", "b");
    Matcher answering = awaitAnswering(killed);
    List<String> cookies = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      cookies.add(cookieOf(answering, "user" + i));
    }
    killed.destroyForcibly().waitFor();
    Matcher again = awaitAnswering(start("serve", "--listen", "127.0.0.1:0"));
    for (int i = 0; i < 20; i++) {
      assertThat(cookieOf(again, "user" + i)).isEqualTo(cookies.get(i));
    }
  }

  @Test
  @DisplayName("The jar carries users to their hub, and ends when told")
  void proxy() throws Exception {
    Undertow hub = EchoHub.start("hub-1");
    int address = ((InetSocketAddress) hub.getListenerInfo().get(0).getAddress()).getPort();
    try {
      Path file =
          Files.writeString(
              folder.resolve("sharder.yml"),
              "bins: [{name: hub-1, labels: {address: '127.0.0.1:%d'}}]\n".formatted(address));
      Process proxy =
          start(
              "proxy",
              "--config",
              file.toString(),
              "--listen",
              "127.0.0.1:0",
              "--proxy-listen",
              "127.0.0.1:0");
      Matcher users =
          await(proxy, Pattern.compile("answering users at http://127\\.0\\.0\\.1:(\\d+); hubs"));
      HubAnswer answer =
          RunningHub.send(
              Integer.parseInt(users.group(1)),
              "GET /x HTTP/1.1\r\nHost: h\r\nREMOTE_USER: ada\r\nConnection: close\r\n\r\n");
      assertThat(answer.body()).isEqualTo("hub-1 has /x of nobody");
      proxy.destroy();
      assertThat(proxy.waitFor()).isEqualTo(128 + 15);
    } finally {
      hub.stop();
    }
  }

  @Test
  void hangingUpReloadsTheHubs() throws Exception {
    assumeTrue(
        isHungUpByDefault(), "there is no SIGHUP, or the process that started this one ignores it");
    Path file = Files.writeString(folder.resolve("sharder.yml"), "bins: [hub-1]\n");
    Process serving = start("serve", "--listen", "127.0.0.1:0", "--config", file.toString());
    Matcher answering = awaitAnswering(serving);
    Files.writeString(file, "bins: [hub-2]\n");
    new ProcessBuilder("kill", "-HUP", String.valueOf(serving.pid())).start().waitFor();
    await(serving, Pattern.compile("reloaded; hubs hub-1 \\(is cordoned\\), hub-2"));
    assertThat(cookieOf(answering, "ada")).startsWith("hub=hub-2;");
  }

  @ParameterizedTest
  @DisplayName("A command that ends before it connects leaves no temporary file")
  @ValueSource(strings = {"find", "find ada", "find --help", "schema --for sqlite", "chp --help"})
  void leavesNothing(String command) throws Exception {
    Path temporary = Files.createDirectory(folder.resolve("temporary"));
    Process process =
        start(Map.of("JAVA_TOOL_OPTIONS", "-Djava.io.tmpdir=" + temporary), command.split(" "));
    process.getInputStream().readAllBytes();
    assertThat(process.waitFor()).isIn(0, 2);
    assertThat(temporary).isEmptyDirectory();
  }

  @Test
  void theLogIsJsonWhereItIsAskedToBeAndNothingElseIsTaken() throws Exception {
    Process serving =
        start(Map.of("SHARDER_LOG_FORMAT", "json"), "serve", "--listen", "127.0.0.1:0");
    try (BufferedReader output =
        new BufferedReader(
            new InputStreamReader(serving.getInputStream(), StandardCharsets.UTF_8))) {
      JsonNode line = new ObjectMapper().readTree(output.readLine());
      while (!ANSWERING.matcher(line.path("formattedMessage").asText()).find()) {
        line = new ObjectMapper().readTree(output.readLine());
      }
      assertThat(line.path("level").asText()).isEqualTo("INFO");
    }
    Process wrong = start(Map.of("SHARDER_LOG_FORMAT", "yaml"), "serve");
    assertThat(new String(wrong.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
        .contains("SHARDER_LOG_FORMAT 'yaml' is unknown; use text or json");
    assertThat(wrong.waitFor()).isEqualTo(2);
  }

  @ParameterizedTest
  @DisplayName("What a driver logs is in the log's own format and without the password")
  @CsvSource(
      delimiter = '|',
      value = {
        "URL | x",
        "SHARDER_DATABASE | ${URL}",
        "JDK_JAVA_OPTIONS | -Dcom.sun.management.jmxremote",
        "JDK_JAVA_OPTIONS | -Djava.util.logging.config.file=x"
      })
  void driverLog(String variable, String value) throws Exception {
    String url = "jdbc:postgresql://127.0.0.1:1/people?password=Hu5hed&service=nowhere";
    Map<String, String> environment = new HashMap<>(Map.of("SHARDER_LOG_FORMAT", "json"));
    environment.put("URL", url);
    environment.put(variable, value);
    Process find =
        variable.equals("SHARDER_DATABASE")
            ? start(environment, "find", "ada")
            : start(environment, "find", "ada", "--database", url);
    List<String> lines =
        new String(find.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
            .lines()
            .filter(line -> !line.startsWith("NOTE: Picked up JDK_JAVA_OPTIONS"))
            .toList();
    assertThat(lines).hasSizeGreaterThan(1).noneMatch(line -> line.contains("Hu5hed"));
    for (String line : lines.subList(0, lines.size() - 1)) {
      assertThat(new ObjectMapper().readTree(line).path("loggerName").asText())
          .startsWith("org.postgresql");
    }
    assertThat(lines.get(lines.size() - 1))
        .startsWith(
            "sharder find: cannot open the database jdbc:postgresql://127.0.0.1:1/people?***");
  }

  @Test
  @DisplayName("A command on SQLite loads no other driver, and no log that only others use")
  void loads() throws Exception {
    // It creates the database, and logs that.
    assertThat(start("bin", "add", "hub-1").waitFor()).isZero();
    for (String command : List.of("bin add hub-2", "assign ada", "find ada")) {
      Path loaded = folder.resolve(command.replace(' ', '-'));
      Process process =
          start(Map.of("JDK_JAVA_OPTIONS", "-Xlog:class+load:file=" + loaded), command.split(" "));
      process.getInputStream().readAllBytes();
      assertThat(process.waitFor()).isZero();
      assertThat(Files.readAllLines(loaded))
          .as(command)
          .anyMatch(line -> line.contains(" org.sqlite.JDBC "))
          .noneMatch(
              line ->
                  line.matches(".* (org\\.postgresql|org\\.mariadb|java\\.util\\.logging)\\..*"));
    }
  }

  @Test
  @DisplayName("An operator's own configuration of Logback wins")
  void ownLog() throws Exception {
    Path own = folder.resolve("own.xml");
    Files.writeString(
        own,
        """
        <configuration>
          <appender name="console" class="ch.qos.logback.core.ConsoleAppender">
            <encoder><pattern>own %msg%n</pattern></encoder>
          </appender>
          <root level="INFO"><appender-ref ref="console"/></root>
        </configuration>
        """);
    Process serving =
        start(
            Map.of("JAVA_TOOL_OPTIONS", "-Dlogback.configurationFile=" + own),
            "serve",
            "--listen",
            "127.0.0.1:0");
    await(serving, Pattern.compile("^own .*" + ANSWERING.pattern()));
  }

  @Test
  void theJarTellsItsVersionAndHelpsWithoutADatabase() throws Exception {
    for (String option : List.of("--help", "--version")) {
      for (String[] arguments : new String[][] {{option}, {"serve", option}}) {
        assertThat(start(arguments).waitFor()).isZero();
      }
    }
    assertThat(folder.resolve("sharder.db")).doesNotExist();
  }

  @Test
  @DisplayName(
      "The jar carries our licence, and of every library in it the licence and the notices")
  void licences() throws Exception {
    try (JarFile jar = new JarFile(System.getProperty("sharder.jar"))) {
      assertThat(text(jar, "META-INF/LICENSE")).isEqualTo(Files.readString(Path.of("../LICENSE")));
      String list = text(jar, "META-INF/THIRD-PARTY.txt");
      List<String> libraries =
          jar.stream()
              .map(ZipEntry::getName)
              .filter(name -> name.matches("META-INF/maven/.*/pom\\.properties"))
              .map(name -> name.split("/")[2] + ":" + name.split("/")[3])
              .filter(name -> !name.startsWith("dev.sharder:") && !PARTS.contains(name))
              .toList();
      assertThat(libraries).hasSizeGreaterThan(30);
      for (String library : libraries) {
        // (Apache-2.0) Caffeine cache (com.github.ben-manes.caffeine:caffeine:3.3.1 - https://...)
        assertThat(list)
            .containsPattern("\\(\\S.*\\) .* \\(" + Pattern.quote(library) + ":\\d\\S* - \\S+\\)");
      }
      assertThat(list).doesNotContain("Unknown license", "checker-qual", "dev.sharder");
      // Its jar has no pom.properties.
      assertThat(list).contains("(LGPL-2.1-or-later) mariadb-java-client (");
      for (String owner :
          List.of(
              "ch/qos/logback/", "me/tongfei/", "org/jline/", "org/mariadb/jdbc/", "org/slf4j/")) {
        assertThat(jar.stream()).anyMatch(entry -> entry.getName().startsWith(owner));
      }
      assertThat(
              Map.of(
                  "logback",
                  "QOS.ch",
                  "progressbar",
                  "Tongfei",
                  "jline",
                  "JLine",
                  "ascii-table",
                  "freva",
                  "antlr4-runtime",
                  "ANTLR",
                  "mariadb-java-client",
                  "GNU LESSER GENERAL PUBLIC LICENSE"))
          .allSatisfy(
              (name, words) ->
                  assertThat(text(jar, "META-INF/third-party/" + name + "/LICENSE.txt"))
                      .contains(words));
      assertThat(jar.stream().map(ZipEntry::getName))
          .contains(
              "META-INF/third-party/postgresql/META-INF/LICENSE",
              "META-INF/third-party/jackson-core/META-INF/NOTICE",
              "META-INF/third-party/jackson-databind/META-INF/NOTICE",
              "META-INF/third-party/jackson-core/META-INF/FastDoubleParser-LICENSE",
              "META-INF/third-party/micrometer-core/META-INF/NOTICE",
              "META-INF/third-party/sqlite-jdbc/META-INF/maven/org.xerial/sqlite-jdbc/LICENSE")
          .noneMatch(name -> name.matches("META-INF/(LICENSE.+|NOTICE.*)"));
    }
  }

  private static String text(JarFile jar, String name) {
    try (InputStream text = jar.getInputStream(jar.getEntry(name))) {
      return new String(text.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  @Test
  @DisplayName("The jar has nothing in it that it does not use")
  void nothingElse() throws Exception {
    try (JarFile jar = new JarFile(System.getProperty("sharder.jar"))) {
      assertThat(jar.stream().map(ZipEntry::getName).filter(name -> !name.endsWith("/")))
          .doesNotHaveDuplicates()
          .noneMatch(UNUSED.asMatchPredicate());
    }
  }

  /** What runs under nohup, as whatever it starts, never hears of it. */
  private static boolean isHungUpByDefault() throws Exception {
    return !System.getProperty("os.name").startsWith("Windows")
        && new ProcessBuilder("sh", "-c", "kill -HUP $$").start().waitFor() != 0;
  }

  private static String cookieOf(Matcher answering, String user) throws IOException {
    HubAnswer answer =
        RunningHub.send(
            Integer.parseInt(answering.group(1)),
            "GET /shard HTTP/1.1\r\nHost: x\r\nREMOTE_USER: "
                + user
                + "\r\nConnection: close\r\n\r\n");
    return answer.header("Set-Cookie");
  }

  private Process start(String... arguments) throws IOException {
    return start(Map.of(), arguments);
  }

  private Process start(Map<String, String> environment, String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-jar", System.getProperty("sharder.jar")));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true);
    builder.environment().putAll(environment);
    Process process = builder.start();
    started.add(process);
    return process;
  }

  private static Matcher awaitAnswering(Process process) throws IOException {
    return await(process, ANSWERING);
  }

  private static Matcher await(Process process, Pattern wanted) throws IOException {
    StringBuilder said = new StringBuilder();
    BufferedReader output =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      Matcher found = wanted.matcher(line);
      if (found.find()) {
        return found;
      }
      said.append(line).append('\n');
    }
    throw new AssertionError("the jar ended before it said so:\n" + said);
  }
}
