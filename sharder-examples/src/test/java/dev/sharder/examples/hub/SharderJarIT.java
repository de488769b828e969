package dev.sharder.examples.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sharder.examples.hub.RunningHub.Answer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The jar that people run, run as they run it. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SharderJarIT {

  private static final Pattern ANSWERING =
      Pattern.compile("answering http://127\\.0\\.0\\.1:(\\d+)/shard from (\\S+); hubs (.*)");

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
  void hangingUpReloadsTheHubs() throws Exception {
    assumeTrue(isHungUpByDefault(), "there is no SIGHUP, or whoever started this ignores it");
    Path file = Files.writeString(folder.resolve("sharder.yml"), "bins: [hub-1]\n");
    Process serving = start("serve", "--listen", "127.0.0.1:0", "--config", file.toString());
    Matcher answering = awaitAnswering(serving);
    Files.writeString(file, "bins: [hub-2]\n");
    new ProcessBuilder("kill", "-HUP", String.valueOf(serving.pid())).start().waitFor();
    await(serving, Pattern.compile("reloaded; hubs hub-1 \\(is cordoned\\), hub-2"));
    assertThat(cookieOf(answering, "ada")).startsWith("hub=hub-2;");
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
        .contains("SHARDER_LOG_FORMAT 'yaml' is none; write text or json");
    assertThat(wrong.waitFor()).isEqualTo(2);
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

  /** What runs under nohup, as whatever it starts, never hears of it. */
  private static boolean isHungUpByDefault() throws Exception {
    return !System.getProperty("os.name").startsWith("Windows")
        && new ProcessBuilder("sh", "-c", "kill -HUP $$").start().waitFor() != 0;
  }

  private static String cookieOf(Matcher answering, String user) throws IOException {
    Answer answer =
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
