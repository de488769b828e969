package dev.sharder.examples.hub.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.examples.hub.cli.CommandShell.CommandOutcome;
import dev.sharder.examples.hub.proxy.chp.ChpOptions;
import dev.sharder.examples.hub.proxy.chp.Routing;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ChpCommandTest {

  private static ChpOptions options(String... line) {
    return options(Map.of(), line);
  }

  private static ChpOptions options(Map<String, String> environment, String... line) {
    return ChpLine.options(environment, line);
  }

  @Test
  @DisplayName("without options it listens where configurable-http-proxy does")
  void defaults() {
    ChpOptions options = options();
    assertThat(options.listen().proxy().getAddress().isAnyLocalAddress()).isTrue();
    assertThat(options.listen().proxy().getPort()).isEqualTo(8000);
    assertThat(options.listen().api().getAddress().isLoopbackAddress()).isTrue();
    assertThat(options.listen().api().getPort()).isEqualTo(8001);
    assertThat(options.listen().metrics()).isEmpty();
    assertThat(options.token()).isEmpty();
    assertThat(options.routing()).isEqualTo(Routing.DEFAULT);
    assertThat(options.forwarded()).isPresent();
  }

  @Test
  @DisplayName("the command line that JupyterHub writes is taken as it is")
  void ofJupyterHub() {
    ChpOptions options =
        options(
            Map.of("CONFIGPROXY_AUTH_TOKEN", "secret!"),
            "--ip",
            "",
            "--port",
            "9000",
            "--api-ip",
            "127.0.0.1",
            "--api-port",
            "9001",
            "--error-target",
            "http://127.0.0.1:8081/hub/error",
            "--log-level",
            "WARN",
            "--host-routing",
            "--client-ssl-ca",
            "ca.crt",
            "--client-ssl-request-cert",
            "--client-ssl-reject-unauthorized");
    assertThat(options.listen().proxy().getPort()).isEqualTo(9000);
    assertThat(options.listen().api().getPort()).isEqualTo(9001);
    assertThat(options.token()).contains("secret!");
    assertThat(options.pages().target()).contains("http://127.0.0.1:8081/hub/error");
    assertThat(options.routing().byHost()).isTrue();
    assertThat(options.tls().target().authorities()).contains(Path.of("ca.crt"));
  }

  @Test
  @DisplayName("options that change requests and times mean what they mean there")
  void traffic() {
    ChpOptions options =
        options(
            "--port=0",
            "--no-x-forward",
            "--no-prepend-path",
            "--no-include-prefix",
            "--auto-rewrite",
            "--change-origin",
            "--protocol-rewrite=https",
            "--custom-header",
            "k1: v1",
            "--custom-header",
            " k2 : host:123 ",
            "--timeout=1000",
            "--proxy-timeout=2000",
            "--keep-alive-timeout=3000",
            "--insecure");
    assertThat(options.listen().api().getPort()).isZero();
    assertThat(options.forwarded()).isEmpty();
    assertThat(options.routing()).isEqualTo(new Routing(false, false, false));
    assertThat(options.rewrites().fields()).isEqualTo(Map.of("k1", "v1", "k2", "host:123"));
    assertThat(options.rewrites().location()).isTrue();
    assertThat(options.rewrites().changeOrigin()).isTrue();
    assertThat(options.rewrites().protocol()).contains("https");
    assertThat(options.limits().client()).contains(Duration.ofSeconds(1));
    assertThat(options.limits().target()).contains(Duration.ofSeconds(2));
    assertThat(options.limits().idle()).isEqualTo(Duration.ofSeconds(3));
    assertThat(options.tls().verifiesTargets()).isFalse();
  }

  @Test
  @DisplayName("of an option given twice, the last counts")
  void twice() {
    assertThat(options("--port", "1", "--port", "2").listen().proxy().getPort()).isEqualTo(2);
  }

  @Test
  @DisplayName("cipher suites have the names of OpenSSL or of Java")
  void ciphers() {
    ChpOptions options =
        options(
            "--ssl-key=k",
            "--ssl-cert=c",
            "--ssl-protocol=TLSv1_2",
            "--ssl-ciphers=ECDHE-RSA-AES128-GCM-SHA256:TLS_AES_128_GCM_SHA256");
    assertThat(options.tls().proxy().orElseThrow().suites())
        .containsExactly("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256");
    assertThat(options.tls().proxy().orElseThrow().protocols()).containsExactly("TLSv1.2");
  }

  static Stream<Arguments> wrong() {
    return Stream.of(
        Arguments.of("--port 9000 --api-port 9000", "the proxy and the API both use port 9000"),
        Arguments.of("--port 70000", "--port 70000 is not a port number"),
        Arguments.of("--port x", "'x' is not a whole number"),
        Arguments.of(
            "--ip no.such.host.invalid",
            "--ip 'no.such.host.invalid' is neither an IP address nor a host name"),
        Arguments.of("--default-target 8081", "--default-target: '8081' is not the address"),
        Arguments.of("--custom-header invalid", "colon was expected"),
        Arguments.of("--custom-header :x", "is no header field"),
        Arguments.of("--protocol-rewrite ftp", "--protocol-rewrite 'ftp' is unknown"),
        Arguments.of("--log-level loud", "--log-level 'loud' is unknown"),
        Arguments.of("--storage-backend mine", "--storage-backend 'mine' cannot be used"),
        Arguments.of("--socket /run/chp.sock", "Unix socket '/run/chp.sock'"),
        Arguments.of("--api-socket /run/chp.sock", "Unix socket '/run/chp.sock'"),
        Arguments.of("--redirect-port 80", "needs --ssl-key and --ssl-cert"),
        Arguments.of("--ssl-key k.pem", "--ssl-key and --ssl-cert are of no use without each"),
        Arguments.of("--ssl-key k --ssl-cert c --ssl-protocol SSLv3", "'SSLv3' is unknown or"),
        Arguments.of("--ssl-key k --ssl-cert c --ssl-ciphers HIGH:!RC4", "'HIGH' is not the name"),
        Arguments.of("--error-target http://a --error-path /b", "only one of --error-target and"),
        Arguments.of("--error-target unix:/x.sock", "'unix:/x.sock' cannot be asked"),
        Arguments.of("--trusted here", "trusted peer 'here' is not an address"),
        Arguments.of("--no-such-option", "Unknown option: '--no-such-option'"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("wrong")
  @DisplayName("a wrong option ends the start with one line and exit code 2")
  void wrong(String line, String expected) {
    CommandOutcome outcome = CommandShell.runAsIs(ChpLine.words(line.split(" "))).ended(2);
    assertThat(outcome.err()).contains(expected);
    assertThat(outcome.err().lines()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--ssl-key no/such.key --ssl-cert no/such.crt",
        "--error-path no/such/folder",
        "--pid-file no/such/folder/pid",
        "--routes-file no/such/folder/routes"
      })
  @DisplayName("a file that cannot be used ends the start with one line and exit code 1")
  void unusable(String line) {
    String ports = "--ip 127.0.0.1 --port 0 --api-ip 127.0.0.1 --api-port 0 ";
    CommandOutcome outcome =
        CommandShell.runAsIs(ChpLine.words((ports + line).split(" "))).ended(1);
    assertThat(outcome.err()).contains("no/such").contains("; name ");
    assertThat(outcome.err().lines()).hasSize(1);
  }

  @Test
  @DisplayName("a port in use ends the start with one line and exit code 1")
  void used() throws Exception {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = Integer.toString(socket.getLocalPort());
      CommandOutcome outcome =
          CommandShell.runAsIs(
                  "chp",
                  "--ip",
                  "127.0.0.1",
                  "--port",
                  "0",
                  "--api-ip",
                  "127.0.0.1",
                  "--api-port",
                  port)
              .ended(1);
      assertThat(outcome.err()).contains("cannot listen on 127.0.0.1:" + port, "--api-port");
      assertThat(outcome.err().lines()).hasSize(1);
    }
  }
}
