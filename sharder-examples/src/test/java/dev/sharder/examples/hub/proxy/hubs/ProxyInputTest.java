package dev.sharder.examples.hub.proxy.hubs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.examples.hub.cli.HubSharder;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/** What keeps the command {@code proxy} from starting is one line that names the cure. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ProxyInputTest {

  @TempDir private Path folder;

  static Stream<Arguments> wrongFiles() {
    return Stream.of(
        Arguments.of(
            "listen: 127.0.0.1:8001\nproxy-listen: 127.0.0.1:8001\n",
            "proxy-listen '127.0.0.1:8001' and listen '127.0.0.1:8001' are the same port;"),
        Arguments.of(
            "listen: 127.0.0.1:8001\nproxy-listen: 0.0.0.0:8001\n",
            " are the same port; give each its own"),
        Arguments.of("listen: '[::]:8000'\n", " are the same port; give each its own"),
        Arguments.of(
            "proxy-listen: '8000'\n", "yml line 1: proxy-listen address '8000' is not HOST:PORT"),
        Arguments.of(
            "proxy-tls-key: key.pem\n", "belong together, and proxy-tls-certificate is missing"),
        Arguments.of(
            "proxy-tls-certificate: c.pem\n", "belong together, and proxy-tls-key is missing"),
        Arguments.of(
            "ramp: 0.5\nproxy-user-header: Host\n",
            "yml line 2: proxy-user-header 'Host' cannot carry a user name; write one like"),
        Arguments.of("proxy-user-header: 'X User'\n", "proxy-user-header 'X User' cannot carry"),
        Arguments.of(
            "proxy-health-path: hub/health\n",
            "yml line 1: proxy-health-path 'hub/health' is not a path of ASCII letters and signs;"),
        Arguments.of("proxy-health-path: '/a b'\n", "proxy-health-path '/a b' is not a path"),
        Arguments.of("proxy-head-bytes: 5\n", "proxy-head-bytes is 5; use bytes from 1024 to"),
        Arguments.of("proxy-idle: 0\n", "proxy-idle is 0; use seconds from 1 to 86400"),
        Arguments.of(
            "proxy-routes-listen: 127.0.0.1:1\n",
            "proxy-routes-listen and proxy-routes-token belong together"),
        Arguments.of("proxy-routes-token: short\n", "make one with 'openssl rand -hex 32'"),
        Arguments.of("proxy-drain: -1\n", "proxy-drain is -1; use seconds from 0 to 86400"),
        Arguments.of(
            "proxy-cut-websockets: often\n", "proxy-cut-websockets is 'often', not true or false"));
  }

  @ParameterizedTest
  @MethodSource("wrongFiles")
  @DisplayName("a wrong setting is one line, and nothing is written")
  void wrongSettings(String yaml, String complaint) throws IOException {
    assertOneLine(2, complaint, run(yaml));
    assertThat(folder.resolve("sharder.db")).doesNotExist();
  }

  @Test
  @DisplayName("a port for users that is taken is one line, and nothing is written")
  void portInUse() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String yaml = "listen: 127.0.0.1:0\nproxy-listen: 127.0.0.1:%d\n";
      assertOneLine(
          1,
          "cannot listen on 127.0.0.1 port %d: ".formatted(taken.getLocalPort()),
          run(yaml.formatted(taken.getLocalPort())));
      assertThat(folder.resolve("sharder.db")).doesNotExist();
    }
  }

  @Test
  @DisplayName("a port for routes that is taken is named by its own key")
  void routesPortInUse() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String yaml =
          """
          listen: 127.0.0.1:0
          proxy-listen: 127.0.0.1:0
          proxy-routes-listen: 127.0.0.1:%d
          proxy-routes-token: 4f6e0c1f0a4f4b0e9d0c8a7b6e5d4c3b
          """;
      assertOneLine(
          1,
          "cannot listen on 127.0.0.1 port %d: ".formatted(taken.getLocalPort()),
          run(yaml.formatted(taken.getLocalPort())));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "/no/such.pem, /no/such.key, certificate '/no/such.pem' cannot be read",
    "pom.xml, pom.xml, Java does not accept the certificate 'pom.xml'"
  })
  @DisplayName("a certificate that cannot be used is one line, and nothing is written")
  void wrongCertificate(String chain, String key, String complaint) throws IOException {
    String yaml = "proxy-tls-certificate: %s\nproxy-tls-key: %s\n";
    assertOneLine(1, complaint, run(yaml.formatted(chain, key)));
    assertThat(folder.resolve("sharder.db")).doesNotExist();
  }

  @Test
  @DisplayName("an option that is wrong is named")
  void option() throws IOException {
    assertOneLine(2, "--proxy-listen: proxy-listen address 'x'", run("", "--proxy-listen", "x"));
  }

  /** How the command ended. */
  private record ProxyOutcome(int exitCode, String err) {}

  private static void assertOneLine(int exitCode, String complaint, ProxyOutcome outcome) {
    assertThat(outcome.err().lines()).as(outcome.err()).hasSize(1);
    assertThat(outcome.err()).startsWith("sharder proxy: ").contains(complaint);
    assertThat(outcome.exitCode()).isEqualTo(exitCode);
  }

  private ProxyOutcome run(String yaml, String... options) throws IOException {
    Path file = Files.writeString(folder.resolve("sharder.yml"), yaml);
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "proxy",
                "--config",
                file.toString(),
                "--database",
                "jdbc:sqlite:" + folder.resolve("sharder.db")));
    arguments.addAll(List.of(options));
    StringWriter err = new StringWriter();
    CommandLine commandLine = HubSharder.commandLine();
    commandLine.setErr(new PrintWriter(err, true));
    int exitCode = commandLine.execute(arguments.toArray(String[]::new));
    return new ProxyOutcome(exitCode, err.toString());
  }
}
