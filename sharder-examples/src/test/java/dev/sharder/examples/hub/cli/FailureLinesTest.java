package dev.sharder.examples.hub.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.channels.Channels;
import java.nio.channels.Pipe;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TimeZone;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Whatever fails, a terminal gets one line with the cure, and the stack trace only on demand. */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FailureLinesTest {

  @TempDir private Path folder;

  @Command(name = "fail")
  record Failing(Supplier<Exception> failure) implements Callable<Integer> {
    @Override
    public Integer call() throws Exception {
      throw failure.get();
    }
  }

  static Stream<Supplier<Exception>> unexpected() {
    return Stream.of(
        () -> new IllegalStateException("one\n\tat two"),
        () -> new IOException("three"),
        NullPointerException::new,
        () -> new RuntimeException(new IllegalArgumentException("four")));
  }

  private static String failed(Supplier<Exception> failure, String... options) {
    CommandLine program = HubSharder.commandLine();
    program.addSubcommand(new CommandLine(new Failing(failure)));
    program.setExecutionExceptionHandler(program.getExecutionExceptionHandler());
    StringWriter err = new StringWriter();
    program.setErr(new PrintWriter(err, true));
    List<String> words = new ArrayList<>(List.of("fail"));
    words.addAll(List.of(options));
    assertThat(program.execute(words.toArray(String[]::new))).isEqualTo(1);
    return err.toString();
  }

  @ParameterizedTest
  @MethodSource("unexpected")
  @DisplayName("An exception that no one expects is one line, and --verbose shows where it was")
  void exceptions(Supplier<Exception> failure) {
    assertThat(failed(failure).lines())
        .singleElement()
        .asString()
        .startsWith("sharder fail: unexpected error: ")
        .contains("see where with --verbose");
    assertThat(failed(failure, "--verbose")).contains("\tat " + FailureLinesTest.class.getName());
  }

  @Test
  @DisplayName("An error of Java itself says what to give it")
  void errors() {
    assertThat(FailureWords.line(new OutOfMemoryError("Java heap space"))).contains("-Xmx");
    assertThat(FailureWords.line(new ExceptionInInitializerError(new OutOfMemoryError("x"))))
        .contains("-Xmx");
    assertThat(FailureWords.line(new NoClassDefFoundError("a/b")))
        .contains("a/b", "use the complete sharder.jar");
    assertThat(FailureWords.line(new StackOverflowError())).contains("StackOverflowError");
  }

  @ParameterizedTest
  @ValueSource(strings = {"java.io.tmpdir", "org.sqlite.tmpdir"})
  @DisplayName("A temporary folder that SQLite cannot use is one line that says which other")
  void temporaryFolder(String property) throws Exception {
    String missing = folder.resolve("missing").toString();
    List<String> lines =
        run(
            List.of("-D" + property + "=" + missing),
            classPath(),
            "bin add hub-1 --database jdbc:sqlite:" + folder.resolve("sharder.db"));
    assertThat(lines)
        .singleElement()
        .asString()
        .startsWith("sharder bin add: cannot open the database ")
        .contains("'" + missing + "'", "java -Dorg.sqlite.tmpdir=");
  }

  @Test
  @DisplayName("Under the launcher, the error names its variable for options of Java")
  void launcher() throws Exception {
    List<String> options =
        List.of("-Dsharder.command=sharder", "-Djava.io.tmpdir=" + folder.resolve("missing"));
    String command = "bin add hub-1 --database jdbc:sqlite:" + folder.resolve("sharder.db");
    assertThat(run(options, classPath(), command))
        .singleElement()
        .asString()
        .endsWith("with SHARDER_JAVA_OPTS=-Dorg.sqlite.tmpdir=FOLDER");
  }

  @Test
  @DisplayName("A server is known as one behind --verbose")
  void verboseFirst() {
    assertThat(Subcommands.first(new String[] {"--verbose", "serve", "bins"})).isEqualTo("serve");
    assertThat(Subcommands.first(new String[] {"--verbose"})).isEmpty();
  }

  @Test
  @DisplayName("An incomplete program is one line, also for a server")
  void incomplete() throws Exception {
    String withoutPool =
        Arrays.stream(classPath().split(File.pathSeparator))
            .filter(entry -> !entry.contains("HikariCP"))
            .collect(Collectors.joining(File.pathSeparator));
    assertThat(
            run(
                List.of(),
                withoutPool,
                "serve --listen 127.0.0.1:0 --database jdbc:sqlite:" + folder.resolve("x.db")))
        .singleElement()
        .asString()
        .startsWith("sharder: a part of the program cannot be loaded ")
        .contains("hikari");
  }

  @Test
  @DisplayName("Output that cannot be written is an error, as on a full disk")
  void fullDisk() throws Exception {
    assumeTrue(Files.exists(Path.of("/dev/full")), "there is no /dev/full");
    CommandShell shell = new CommandShell("jdbc:sqlite:" + folder.resolve("sharder.db"));
    shell.run("bin", "add", "hub-1").ended(0);
    assertThat(
            run(
                new File("/dev/full"),
                List.of(),
                classPath(),
                "bins --database " + shell.database()))
        .containsExactly(
            "sharder: the output cannot be written; check the free space where it goes");
    assertThat(run(new File("/dev/full"), List.of(), classPath(), "schema --for sqlite"))
        .containsExactly(
            "sharder: the output cannot be written; check the free space where it goes");
  }

  /** A pipe whose reader has gone. */
  private static final class ClosedPipe extends OutputStream {
    private int writes;

    @Override
    public void write(int unit) throws IOException {
      writes++;
      throw new IOException("Broken pipe");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "list",
        "list --output csv",
        "list --output json",
        "export",
        "export --format jsonl",
        "bins",
        "schema --for sqlite"
      })
  @DisplayName("A command ends at once and without a word when no one reads on")
  void brokenPipe(String command) throws IOException {
    CommandShell shell = new CommandShell("jdbc:sqlite:" + folder.resolve("sharder.db"));
    Path rows = folder.resolve("rows.csv");
    Files.writeString(
        rows,
        IntStream.range(0, 3_000)
            .mapToObj(i -> "user-" + i + ",hub-1\n")
            .collect(Collectors.joining("", "object,bin\n", "")));
    shell.run("import", rows.toString()).ended(0);
    List<String> words = new ArrayList<>(List.of(command.split(" ")));
    if (!command.startsWith("schema")) {
      words.addAll(List.of("--database", shell.database()));
    }
    ClosedPipe out = new ClosedPipe();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    TimeZone zone = TimeZone.getDefault();
    try {
      assertThat(
              HubSharder.run(
                  words.toArray(String[]::new),
                  new StandardOutput(out),
                  new PrintStream(err, true, UTF_8)))
          .isEqualTo(141);
    } finally {
      TimeZone.setDefault(zone);
    }
    assertThat(err.toString(UTF_8)).isEmpty();
    assertThat(out.writes).isLessThanOrEqualTo(2);
  }

  @Command(name = "lose")
  static final class Losing implements Runnable {
    @Mixin private OutputOptions output;

    @Override
    public void run() {
      OutputTable<String> table = new OutputTable<String>().with("name", name -> lost(name, "bob"));
      output.all(table, List.of("ada", "bob").iterator());
    }

    private static String lost(String name, String last) {
      if (name.equals(last)) {
        throw new IllegalStateException("the database was lost");
      }
      return name;
    }
  }

  @Test
  @DisplayName("A list that fails midway is no complete JSON")
  void failsMidway() {
    StringWriter written = new StringWriter();
    CommandLine command = new CommandLine(new Losing()).setOut(new PrintWriter(written, true));
    command.setErr(new PrintWriter(new StringWriter()));
    assertThat(command.execute("--output", "json")).isNotZero();
    assertThat(written.toString()).doesNotContain("]");
  }

  @Test
  @DisplayName("That no one reads on is known in every language")
  void brokenPipeInFrench() throws IOException {
    String french = "Relais bris\u00e9 (pipe)";
    OutputStream broken =
        new OutputStream() {
          @Override
          public void write(int unit) throws IOException {
            throw new IOException(french);
          }
        };
    assertThatThrownBy(() -> new StandardOutput(broken, () -> french).write(new byte[1]))
        .isInstanceOf(StandardOutput.ClosedException.class);
    assertThatThrownBy(() -> new StandardOutput(broken).write(new byte[1])).hasMessage(french);
    Pipe unread = Pipe.open();
    unread.source().close();
    try (OutputStream real = Channels.newOutputStream(unread.sink())) {
      assertThatThrownBy(() -> new StandardOutput(real).write(new byte[1]))
          .isInstanceOf(StandardOutput.ClosedException.class);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "list --for-spreadsheets",
        "list --for-spreadsheets --output json",
        "bin add hub-9 --for-spreadsheets",
        "export --output json",
        "export --for-spreadsheets --format jsonl",
        "nginx-map --output json"
      })
  @DisplayName("An option for the output that would have no effect is refused")
  void noEffect(String command) {
    CommandShell shell = new CommandShell("jdbc:sqlite:" + folder.resolve("sharder.db"));
    shell.run("bin", "add", "hub-1").ended(0);
    assertThat(shell.run(command.split(" ")).ended(2).err())
        .containsPattern("add --(output|format) csv|option: '--output'; see .* --help");
    assertThat(shell.json("bins").each("bin")).containsExactly("hub-1");
  }

  @Test
  @DisplayName("A missing file is named in words")
  void missingFile() {
    String missing = folder.resolve("usres.csv").toString();
    CommandShell shell = new CommandShell("jdbc:sqlite:" + folder.resolve("sharder.db"));
    shell.run("bin", "add", "hub-1").ended(0);
    for (String[] command :
        new String[][] {{"import", missing}, {"apply", missing}, {"export", missing + "/x.csv"}}) {
      assertThat(shell.run(command).err()).contains("there is no such file").doesNotContain("java");
    }
  }

  @Test
  @DisplayName("A repeated --verbose says no more than one")
  void verboseTwice() {
    assertThat(
            FailureWords.verboseOnce(
                new String[] {"--verbose", "--verbose", "bins", "--verbose", "--", "--verbose"}))
        .containsExactly("--verbose", "bins", "--", "--verbose");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "bins --config FOLDER/none.yml",
        "bins --config FOLDER",
        "bins --config FOLDER/latin1.yml",
        "import FOLDER --database jdbc:sqlite:FOLDER/x.db",
        "import --from callysto FOLDER --into jdbc:sqlite:FOLDER/x.db",
        "bins --database jdbc:sqlite:FOLDER",
        "bins --database jdbc:sqlite:FOLDER/latin1.yml",
        "bins --database jdbc:sqlite:FOLDER/y.db?busy_timeout=x",
        "bins --database jdbc:h2:mem",
        "serve --config FOLDER",
        "proxy --config FOLDER/none.yml",
        "chp --ssl-key FOLDER --ssl-cert FOLDER",
        "nginx-map FOLDER --database jdbc:sqlite:FOLDER/y.db",
        "export FOLDER --database jdbc:sqlite:FOLDER/y.db",
        "apply FOLDER --database jdbc:sqlite:FOLDER/y.db"
      })
  @DisplayName("A folder, a missing file or no text where a file belongs is one line")
  void files(String command) throws IOException {
    Files.write(
        folder.resolve("latin1.yml"), "bins: [jos\u00e9]\n".getBytes(StandardCharsets.ISO_8859_1));
    new CommandShell("jdbc:sqlite:" + folder.resolve("y.db")).run("bin", "add", "a").ended(0);
    CommandShell.CommandOutcome outcome =
        CommandShell.runAsIs(command.replace("FOLDER", folder.toString()).split(" "));
    assertThat(outcome.exitCode()).isIn(1, 2);
    assertThat(outcome.err().lines())
        .as(outcome.err())
        .singleElement()
        .asString()
        .doesNotContain("unexpected error");
  }

  private static String classPath() {
    return System.getProperty("java.class.path");
  }

  private List<String> run(List<String> options, String classPath, String command)
      throws Exception {
    return run(folder.resolve("out").toFile(), options, classPath, command);
  }

  /** Runs the program, which is to fail; returns the lines of its errors. */
  private List<String> run(File out, List<String> options, String classPath, String command)
      throws Exception {
    List<String> words = new ArrayList<>();
    words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    words.add("-XX:TieredStopAtLevel=1");
    words.addAll(options);
    words.addAll(List.of("-cp", classPath, HubSharder.class.getName()));
    words.addAll(List.of(command.split(" ")));
    Path errors = folder.resolve("errors");
    Process process =
        new ProcessBuilder(words).redirectOutput(out).redirectError(errors.toFile()).start();
    assertThat(process.waitFor()).isEqualTo(1);
    return Files.readAllLines(errors);
  }
}
