package dev.sharder.examples.hub.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How a server finds the machines that it is told of, in a process of its own. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ServerNamesTest {

  private static final String HUB = "hub.example";

  @ParameterizedTest
  @ValueSource(strings = {"serve", "proxy", "chp"})
  @DisplayName(
      "a name that could not be resolved is asked for again, and not remembered as unknown")
  void again(String command, @TempDir Path folder) throws Exception {
    Path hosts = Files.createFile(folder.resolve("hosts"));
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djdk.net.hosts.file=" + hosts,
                "-cp",
                System.getProperty("java.class.path"),
                NamedServer.class.getName(),
                command,
                hosts.toString())
            .redirectErrorStream(true)
            .start();
    try {
      String said = new String(process.getInputStream().readAllBytes(), UTF_8);
      assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
      assertThat(said.lines()).containsExactly("unknown", "10.0.0.7");
    } finally {
      process.destroyForcibly();
    }
  }

  /** Begins as a server does, and looks for a hub before its name is known and afterwards. */
  static final class NamedServer {

    private NamedServer() {}

    public static void main(String[] args) throws Exception {
      PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), false, UTF_8);
      HubSharder.run(
          new String[] {args[0], "--no-such-option"}, new StandardOutput(nowhere), nowhere);
      System.out.println(address());
      Files.writeString(Path.of(args[1]), "10.0.0.7 " + HUB + "\n");
      System.out.println(address());
      System.exit(0);
    }

    private static String address() {
      try {
        return InetAddress.getByName(HUB).getHostAddress();
      } catch (UnknownHostException unknown) {
        return "unknown";
      }
    }
  }
}
