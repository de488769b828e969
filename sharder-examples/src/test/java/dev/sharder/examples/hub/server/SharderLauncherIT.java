package dev.sharder.examples.hub.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The launcher beside the jar, run as people run it. */
@DisplayName("The launcher")
@EnabledOnOs({OS.LINUX, OS.MAC})
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SharderLauncherIT {

  private static final Path JAR = Path.of(System.getProperty("sharder.jar"));
  private static final Path LAUNCHER = JAR.resolveSibling("sharder");
  private static final Pattern VERSION = Pattern.compile("sharder \\S+\n");

  /** Where the jar and the launcher are installed, with the archive. */
  @TempDir private static Path program;

  private static Path installed;

  @TempDir private Path folder;

  private final List<Process> started = new ArrayList<>();
  private Path cache;

  record Outcome(int exitCode, String out, String err) {}

  @BeforeAll
  static void install() throws Exception {
    installed = copyTo(program.resolve("installed"));
    ProcessBuilder archiving = new ProcessBuilder(installed.toString(), "archive").inheritIO();
    archiving.environment().put("JAVA_HOME", System.getProperty("java.home"));
    assertThat(archiving.start().waitFor()).isZero();
  }

  private static Path copyTo(Path folder) throws IOException {
    Files.createDirectories(folder);
    Files.copy(JAR, folder.resolve("sharder.jar"));
    return Files.copy(LAUNCHER, folder.resolve("sharder"), StandardCopyOption.COPY_ATTRIBUTES);
  }

  @BeforeEach
  void useCache() {
    cache = folder.resolve("cache");
  }

  @AfterEach
  void end() {
    started.forEach(Process::destroyForcibly);
  }

  @ParameterizedTest
  @DisplayName("runs by a symlink, from a folder with a blank, in every shell, and passes all on")
  @ValueSource(strings = {"sh", "dash", "busybox sh", "bash --posix"})
  void shells(String shell) throws Exception {
    String[] words = shell.split(" ");
    assumeTrue(isInstalled(words[0]), words[0] + " is not installed; see .ci/run");
    Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("second"));
    Files.createSymbolicLink(folder.resolve("second"), copyTo(folder.resolve("a folder")));
    List<String> command = new ArrayList<>(List.of(words));
    String database = "--database=jdbc:sqlite:" + folder.resolve("a file.db");
    command.addAll(List.of(link.toString(), "bin", "add", "hub-1", database));
    assertThat(run(Map.of(), command).exitCode()).isZero();
    command.subList(words.length + 1, command.size()).clear();
    command.addAll(List.of("find", "no  one * $x", database));
    Outcome outcome = run(Map.of(), command);
    assertThat(outcome.err())
        .startsWith("sharder find: object 'no  one * $x' of kind 'hub' has no assignment");
    assertThat(outcome.exitCode()).isEqualTo(3);
  }

  @Test
  @DisplayName("has Java share the classes of the archive")
  void shared() throws Exception {
    Outcome outcome =
        run(
            Map.of("SHARDER_JAVA_OPTS", "-Xlog:class+load -Dx=y"),
            List.of(installed.toString(), "--version"));
    assertThat(outcome.out())
        .containsPattern("HubSharder source: shared objects file")
        .containsPattern("picocli.CommandLine source: shared objects file")
        .doesNotContain("com.fasterxml.jackson", "ch.qos.logback", "org.jdbi");
    assertThat(cache).doesNotExist();
  }

  @Test
  @DisplayName("answers without a word where the archive is damaged, or of another jar")
  void doubtfulArchives() throws Exception {
    Path other = copyTo(folder.resolve("other"));
    assertThat(run(Map.of(), List.of(other.toString(), "archive")).exitCode()).isZero();
    Path archive = onlyFolderIn(other.resolveSibling("archive")).resolve("classes.jsa");
    Files.copy(installedArchive(), archive, StandardCopyOption.REPLACE_EXISTING);
    assertAnswers(other, Map.of());
    byte[] bytes = Files.readAllBytes(archive);
    for (int length : new int[] {0, 100}) {
      Files.delete(archive);
      Files.write(archive, Arrays.copyOf(bytes, length));
      assertAnswers(other, Map.of());
    }
  }

  @ParameterizedTest
  @DisplayName("adds no garbage collector to one that Java's own variables choose")
  @ValueSource(strings = {"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"})
  void collectors(String variable) throws Exception {
    Outcome outcome =
        run(
            Map.of(variable, "-XX:+UseSerialGC"),
            List.of(installed.toString(), "--verbose", "--verbose", "--version"));
    assertThat(outcome.err()).doesNotContain("Error");
    assertThat(outcome.out()).matches(VERSION);
    assertThat(outcome.exitCode()).isZero();
  }

  @Test
  @DisplayName("says why no archive is made: what Java says is shown with --verbose")
  void failingArchive() throws Exception {
    Path other = copyTo(folder.resolve("other"));
    Path bin = Files.createDirectories(folder.resolve("failing/bin"));
    Files.writeString(bin.resolveSibling("release"), "JAVA_VERSION=\"17.0.1\"\n");
    Path java = bin.resolve("java");
    Files.writeString(java, "#!/bin/sh\necho 'No space left on device' >&2\nexit 1\n");
    assertThat(java.toFile().setExecutable(true)).isTrue();
    Map<String, String> failing = Map.of("JAVA_HOME", bin.getParent().toString());
    Outcome silent = run(failing, List.of(other.toString(), "archive"));
    assertThat(silent.err()).matches("sharder: no archive was made in .*free space.*--verbose\n");
    assertThat(silent.exitCode()).isOne();
    // A failed attempt is not repeated at once in the background, but by hand it is.
    Outcome verbose = run(failing, List.of(other.toString(), "archive", "--verbose"));
    assertThat(verbose.err()).contains("No space left on device", "no archive was made");
  }

  private static Path installedArchive() throws IOException {
    return onlyFolderIn(installed.resolveSibling("archive")).resolve("classes.jsa");
  }

  @Test
  @DisplayName("answers without a word where there is no folder to cache in")
  void noCache() throws Exception {
    Path other = copyTo(folder.resolve("other"));
    assertAnswers(other, Map.of("XDG_CACHE_HOME", "/dev/null/x"));
    assertAnswers(other, Map.of("XDG_CACHE_HOME", "", "HOME", "/dev/null"));
  }

  @Test
  @DisplayName("makes one archive in the background, of however many processes start at a time")
  void many() throws Exception {
    Path other = copyTo(folder.resolve("other"));
    List<Process> processes = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      processes.add(start(Map.of(), List.of(other.toString(), "--version"), "many" + i));
    }
    for (int i = 0; i < processes.size(); i++) {
      assertThat(processes.get(i).waitFor()).isZero();
      assertThat(Files.readString(folder.resolve("many" + i + ".out"))).matches(VERSION);
      assertThat(folder.resolve("many" + i + ".err")).isEmptyFile();
    }
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(150);
    while (System.nanoTime() < deadline && !isArchived()) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
    }
    assertThat(onlyFolderIn(cache.resolve("sharder"))).isDirectoryContaining("glob:**classes.jsa");
    // A newer jar has an archive of its own.
    Files.setLastModifiedTime(other.resolveSibling("sharder.jar"), FileTime.fromMillis(0));
    assertAnswers(other, Map.of());
  }

  private boolean isArchived() throws IOException {
    Path all = cache.resolve("sharder");
    try (Stream<Path> made = Files.exists(all) ? Files.list(all) : Stream.of()) {
      return made.map(Path::toString).filter(name -> !name.endsWith(".lock")).count() == 1
          && !hasLock(all);
    }
  }

  private static boolean hasLock(Path all) throws IOException {
    try (Stream<Path> made = Files.list(all)) {
      return made.anyMatch(one -> one.toString().endsWith(".lock"));
    }
  }

  private static Path onlyFolderIn(Path folder) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      List<Path> found = all.toList();
      assertThat(found).hasSize(1);
      return found.get(0);
    }
  }

  private void assertAnswers(Path launcher, Map<String, String> environment) throws Exception {
    Outcome outcome = run(environment, List.of(launcher.toString(), "--version"));
    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.out()).matches(VERSION);
    assertThat(outcome.exitCode()).isZero();
  }

  @ParameterizedTest
  @DisplayName("reads and writes UTF-8 whatever the locale")
  @ValueSource(strings = {"C", "C.UTF-8", "nowhere"})
  void utf8(String locale) throws Exception {
    String database = "jdbc:sqlite:" + folder + "/bücher.db";
    Path script =
        Files.writeString(
            folder.resolve("script"),
            """
            set -e
            "$1" bin add hub-1 --database "%1$s" >/dev/null
            "$1" assign 'jürgen–✓' --database "%1$s" --output csv
            ls
            """
                .formatted(database));
    Outcome outcome =
        run(Map.of("LC_ALL", locale), List.of("sh", script.toString(), installed.toString()));
    assertThat(outcome.out()).contains("jürgen–✓,hub-1,");
    assertThat(outcome.exitCode()).isZero();
    assertThat(run(Map.of(), List.of("sh", "-c", "ls *.db")).out()).isEqualTo("bücher.db\n");
  }

  @Test
  @DisplayName("is replaced by the server, so that signals reach it")
  void signals() throws Exception {
    Process serving =
        start(
            Map.of(), List.of(installed.toString(), "serve", "--listen", "127.0.0.1:0"), "serving");
    Path log = folder.resolve("serving.err");
    while (serving.isAlive() && !Files.readString(log).contains("answering http://")) {
      Thread.onSpinWait();
    }
    serving.destroy();
    assertThat(serving.waitFor()).isEqualTo(128 + 15);
  }

  @Test
  @DisplayName("says in one line what to do where there is no Java 17")
  void noJava() throws Exception {
    assertRefused(
        Map.of("JAVA_HOME", "", "PATH", folder.toString()),
        "sharder: there is no Java 17 or later; install one, such as .*, or set JAVA_HOME .*\n");
    assertRefused(
        Map.of("JAVA_HOME", folder.toString()),
        "sharder: JAVA_HOME is '.*', which has no bin/java; set it to .*\n");
    Path bin = Files.createDirectories(folder.resolve("old/bin"));
    Path java = bin.resolve("java");
    Files.writeString(java, "#!/bin/sh\necho 'openjdk version \"1.8.0_292\"' >&2\n");
    assertThat(java.toFile().setExecutable(true)).isTrue();
    Map<String, String> old = Map.of("JAVA_HOME", bin.getParent().toString());
    assertRefused(old, "sharder: .*/bin/java is Java 1.8.0_292, and it takes 17 or later; .*\n");
    Files.writeString(
        bin.resolveSibling("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"11.0.2\"\n");
    assertRefused(old, "sharder: .*/bin/java is Java 11.0.2, and it takes 17 or later; .*\n");
    assertRefused(
        Files.copy(LAUNCHER, folder.resolve("alone")),
        Map.of(),
        "sharder: there is no .*/sharder.jar; put sharder.jar beside .*\n");
  }

  private void assertRefused(Map<String, String> environment, String line) throws Exception {
    assertRefused(installed, environment, line);
  }

  private void assertRefused(Path launcher, Map<String, String> environment, String line)
      throws Exception {
    Outcome outcome = run(environment, List.of("/bin/sh", launcher.toString(), "--version"));
    assertThat(outcome.err()).matches(line);
    assertThat(outcome.out()).isEmpty();
    assertThat(outcome.exitCode()).isOne();
  }

  @Test
  @DisplayName("is in the shell that POSIX describes")
  void posix() throws Exception {
    assumeTrue(isInstalled("shellcheck"), "shellcheck is not installed; see .ci/run");
    assertThat(run(Map.of(), List.of("shellcheck", LAUNCHER.toString())).out()).isEmpty();
  }

  private static boolean isInstalled(String program) {
    return Stream.of(System.getenv("PATH").split(":"))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }

  private Outcome run(Map<String, String> environment, List<String> command) throws Exception {
    int exitCode = start(environment, command, "run").waitFor();
    return new Outcome(
        exitCode,
        Files.readString(folder.resolve("run.out"), UTF_8),
        Files.readString(folder.resolve("run.err"), UTF_8));
  }

  private Process start(Map<String, String> environment, List<String> command, String name)
      throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectOutput(folder.resolve(name + ".out").toFile())
            .redirectError(folder.resolve(name + ".err").toFile());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().put("XDG_CACHE_HOME", cache.toString());
    builder.environment().putAll(environment);
    Process process = builder.start();
    started.add(process);
    return process;
  }
}
