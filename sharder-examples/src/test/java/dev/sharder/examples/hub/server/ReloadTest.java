package dev.sharder.examples.hub.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sharder.examples.hub.cli.HubSharder;
import dev.sharder.examples.hub.config.Settings;
import dev.sharder.examples.hub.config.SettingsReader;
import dev.sharder.examples.hub.proxy.Eventually;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Hubs come and go while the server runs. */
@Timeout(60)
class ReloadTest {

  @TempDir private Path folder;

  @Test
  void reloadingDeclaresTheHubsAsTheFileNamesThemNow() throws Exception {
    try (RunningHub hub = start("bins: [hub-1]");
        CapturedLogLines log = CapturedLogLines.of(HubServer.class)) {
      assertThat(hub.get("/shard", "ada").header("Set-Cookie")).startsWith("hub=hub-1;");
      write("bins: [hub-2]");
      hub.server().reload(this::settings);
      assertThat(log.lines()).containsExactly("reloaded; hubs hub-1 (is cordoned), hub-2");
      assertThat(hub.get("/shard", "ada").header("Set-Cookie")).startsWith("hub=hub-1;");
      assertThat(hub.get("/shard", "bob").header("Set-Cookie")).startsWith("hub=hub-2;");
    }
  }

  @Test
  void aFileThatIsWrongByNowChangesNothingAndIsToldWithItsLine() throws Exception {
    try (RunningHub hub = start("bins: [hub-1]");
        CapturedLogLines log = CapturedLogLines.of(HubServer.class)) {
      for (String wrong :
          List.of("bins:\n- hub-2\n- hub 3", "bins: [hub-2", "binz: [hub-2]", "bins: []")) {
        write(wrong);
        hub.server().reload(this::settings);
        assertThat(hub.get("/shard", "user of " + log.lines().size()).header("Set-Cookie"))
            .startsWith("hub=hub-1;");
      }
      assertThat(log.lines().get(0))
          .startsWith("not reloaded, the settings in use are unchanged: ")
          .contains("sharder.yml line 3: bin 'hub 3'");
      assertThat(log.lines()).hasSize(4);
    }
  }

  @Test
  void theFileForNginxFollowsTheHubsWhoeverChangesThem() throws Exception {
    Path map = folder.resolve("hubs.conf");
    try (RunningHub hub = start("nginx-map: '" + map + "'\nbins: [hub-1]")) {
      assertThat(Files.readString(map)).contains("map $cookie_hub $hub").contains("\"hub-1\";");
      command("bin", "add", "hub-2", "--label", "address=127.0.0.1:8002");
      awaitFile(map, text -> text.contains("upstream hub-2 {\n  server 127.0.0.1:8002;\n}"));
      command("bin", "retire", "hub-2");
      awaitFile(map, text -> !text.contains("hub-2"));
      Files.delete(map);
      awaitFile(map, text -> text.contains("hub-1"));
      assertThat(names())
          .containsExactlyInAnyOrder(
              "hubs.conf",
              "sharder.yml",
              "sharder.db",
              "sharder.db-shm",
              "sharder.db-wal",
              "sharder.db-queue");
    }
  }

  @Test
  void theFileForNginxFollowsTheHubsWhileNoNameIsResolved() throws Exception {
    Path map = folder.resolve("hubs.conf");
    write("nginx-map: '" + map + "'\nbins: [hub-1]");
    Process serve = serveWithSilentNames();
    try {
      awaitStart(serve);
      command("bin", "add", "hub-2", "--label", "address=hub.test:8002");
      awaitFile(map, text -> text.contains("server hub.test:8002;"));
      command("bin", "add", "hub-3", "--label", "address=127.0.0.1:8003");
      awaitFile(map, text -> text.contains("server 127.0.0.1:8003;"));
    } finally {
      serve.destroyForcibly().waitFor();
    }
  }

  /** Starts a server whose names are in a pipe that no one writes to, so that it waits for them. */
  private Process serveWithSilentNames() throws Exception {
    Path names = folder.resolve("names");
    assertThat(new ProcessBuilder("mkfifo", names.toString()).start().waitFor()).isZero();
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Djdk.net.hosts.file=" + names,
            "-cp",
            System.getProperty("java.class.path"),
            HubSharder.class.getName(),
            "serve",
            "--listen=127.0.0.1:0",
            "--config=" + folder.resolve("sharder.yml"),
            "--database=" + database())
        .redirectErrorStream(true)
        .start();
  }

  private static void awaitStart(Process serve) throws IOException {
    BufferedReader log = serve.inputReader();
    String line = log.readLine();
    while (!line.contains("answering ")) {
      line = log.readLine();
    }
  }

  @Test
  void aHubThatNginxCouldNotTakeIsLeftOutAndToldAndCostsNoOther() throws Exception {
    Path map = folder.resolve("hubs.conf");
    try (RunningHub hub = start("nginx-map: '" + map + "'\nbins: [hub-1]");
        CapturedLogLines log = CapturedLogLines.of(NginxMapKeeper.class)) {
      command("bin", "add", "hub-2", "--label", "address=foo bar:80");
      command("bin", "add", "hub-3", "--label", "address=127.0.0.1:99999");
      command("bin", "add", "HUB-1");
      command("bin", "add", "hub-4", "--label", "address=127.0.0.1:8004");
      awaitFile(map, text -> text.contains("upstream hub-4 {"));
      assertThat(Files.readString(map)).doesNotContain("hub-2").doesNotContain("hub-3");
      // The file is written first, and then each has a line of its own.
      for (String told : List.of("'(HUB|hub)-1'", "'foo bar:80'", "'127.0.0.1:99999'")) {
        Pattern line = Pattern.compile(told);
        Eventually.await(log::lines, lines -> lines.stream().anyMatch(line.asPredicate()));
      }
    }
    start("nginx-map: '" + map + "'\nbins: [hub-4]").close();
  }

  @Test
  void aChangeOfAnythingElseIsToldToTakeARestart() throws Exception {
    try (RunningHub hub = start("bins: [hub-1]");
        CapturedLogLines log = CapturedLogLines.of(HubServer.class)) {
      write("bins: [hub-1]\ncookie-max-age: 60");
      hub.server().reload(this::settings);
      assertThat(log.lines())
          .hasSize(2)
          .anyMatch(line -> line.contains("take effect after a restart"));
      assertThat(hub.get("/shard", "ada").header("Set-Cookie")).doesNotContain("Max-Age");
    }
  }

  @Test
  void aFileForNginxThatCannotBeWrittenKeepsTheServerFromStarting() {
    assertThatThrownBy(() -> start("nginx-map: /no/such/folder/hubs.conf\nbins: [hub-1]"))
        .hasMessageContaining("'/no/such/folder/hubs.conf' cannot be written");
  }

  @Test
  void whereCookiesAreSignedTheMapHasRoomForTheSignatureAndForNothingElse() throws Exception {
    String key = "k".repeat(32);
    try (RunningHub hub = start("cookie-keys: [" + key + "]\nbins: [hub.1]")) {
      Path map = folder.resolve("hubs.conf");
      command("nginx-map", "--config", folder.resolve("sharder.yml").toString(), map.toString());
      String pattern = Files.readString(map).split("\"~|\" \"hub.1\"")[1];
      String cookie = hub.get("/shard", "ada").header("Set-Cookie").split("[=;]")[1];
      assertThat(cookie).matches(pattern);
      assertThat("hub.1").doesNotMatch(pattern);
      assertThat(cookie.replace("hub.1", "hub-1")).doesNotMatch(pattern);
      assertThat(cookie + "x").doesNotMatch(pattern);
    }
  }

  private RunningHub start(String yaml) throws IOException {
    write(yaml);
    return new RunningHub(HubServer.start(settings()));
  }

  private void write(String yaml) throws IOException {
    Files.writeString(folder.resolve("sharder.yml"), yaml + "\n");
  }

  private Settings settings() {
    return SettingsReader.read(
        folder.resolve("sharder.yml"), "127.0.0.1:0", database(), List.of(), Map.of());
  }

  private static void awaitFile(Path file, Predicate<String> content) throws IOException {
    long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!Files.exists(file) || !content.test(Files.readString(file))) {
      assertThat(System.nanoTime()).as("the file follows").isLessThan(end);
      Thread.onSpinWait();
    }
  }

  private List<String> names() {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).toList();
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  private void command(String... arguments) {
    RunningHub.command(database(), arguments);
  }

  private String database() {
    return "jdbc:sqlite:" + folder.resolve("sharder.db");
  }
}
