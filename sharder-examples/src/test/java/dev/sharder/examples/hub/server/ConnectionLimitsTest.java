package dev.sharder.examples.hub.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sharder.examples.hub.cli.HubSharder;
import dev.sharder.examples.hub.server.RunningHub.HubAnswer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Connections that are held open, in a process of its own with few or many descriptors. */
@DisplayName("While others hold connections open, nginx is answered")
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ConnectionLimitsTest {

  private static final Pattern ANSWERING =
      Pattern.compile("answering http://127\\.0\\.0\\.1:(\\d+)/");

  private static final String NGINX = "127.0.0.1";
  private static final String STRANGER = "127.0.0.2";
  private static final String NAMED =
      "GET /shard HTTP/1.1\r\nHost: x\r\nREMOTE_USER: ada\r\n" + RunningHub.OF_NGINX + "\r\n";
  private static final String HEALTH = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

  /** As many descriptors as many shells allow. */
  private static final int FEW = 1_024;

  @TempDir private Path folder;

  private Process serve;
  private int port;
  private final List<SocketChannel> held = new ArrayList<>();

  @BeforeAll
  static void onLinux() {
    assumeTrue(Files.isDirectory(Path.of("/proc/self/fd")), "only Linux has 127.0.0.2 and /proc");
  }

  @AfterEach
  void end() throws Exception {
    for (SocketChannel channel : held) {
      channel.close();
    }
    if (serve != null) {
      serve.destroyForcibly().waitFor();
    }
  }

  @Test
  @DisplayName("when a stranger holds ten thousand silent connections, which soon end")
  void silentStrangers() throws Exception {
    start("exec", "");
    hold(10_500, STRANGER, "");
    assertNginxIsAnswered();
    assertThat(descriptors()).isLessThan(2_000);
    assertAllEnd();
    assertNginxIsAnswered();
  }

  @Test
  @DisplayName("when a stranger holds more silent connections than there are descriptors")
  void moreThanDescriptors() throws Exception {
    start("ulimit -n " + FEW + "; exec", "");
    hold(2 * FEW, STRANGER, "");
    assertNginxIsAnswered();
    assertThat(descriptors()).isLessThan(FEW / 2);
    assertAllEnd();
  }

  @Test
  @DisplayName("when a stranger asks something on each connection and keeps it")
  void idleStrangers() throws Exception {
    start("ulimit -n " + FEW + "; exec", "");
    hold(2 * FEW, STRANGER, HEALTH);
    assertNginxIsAnswered();
    assertThat(descriptors()).isLessThan(FEW / 2);
  }

  @Test
  @DisplayName("when a process on nginx's machine holds silent connections")
  void silentNeighbours() throws Exception {
    start("ulimit -n " + FEW + "; exec", "");
    hold(2 * FEW, NGINX, "");
    assertNginxIsAnswered();
    assertThat(descriptors()).isLessThan(FEW);
    assertAllEnd();
  }

  @Test
  @DisplayName("when a process on nginx's machine that does not have the secret keeps connections")
  void idleNeighbours() throws Exception {
    start("ulimit -n " + FEW + "; exec", "proxy-secrets: [" + RunningHub.SECRET + "]\n");
    try (Socket nginx = connect(NGINX)) {
      nginx.getOutputStream().write((NAMED + "\r\n").getBytes(StandardCharsets.US_ASCII));
      assertThat(statusLine(nginx)).contains(" 302 ");
      hold(2 * FEW, NGINX, HEALTH);
      assertNginxIsAnswered();
      nginx.getOutputStream().write((NAMED + "\r\n").getBytes(StandardCharsets.US_ASCII));
      assertThat(statusLine(nginx)).as("on the connection that nginx kept").contains(" 302 ");
    }
  }

  @Test
  @DisplayName("and a connection that only begins its first request ends, however it drips")
  void drips() throws Exception {
    start("exec", "");
    try (Socket drip = connect(NGINX)) {
      long start = System.nanoTime();
      drip.setSoTimeout(100);
      while (!isEnded(drip)) {
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(30));
      }
    }
  }

  /** Sends a character of a header, and waits a little for the end. */
  private static boolean isEnded(Socket drip) {
    try {
      drip.getOutputStream().write('G');
      return drip.getInputStream().read() >= 0 || drip.isInputShutdown();
    } catch (java.net.SocketTimeoutException silent) {
      return false;
    } catch (IOException ended) {
      return true;
    }
  }

  private void start(String shell, String settings) throws IOException {
    Path config =
        Files.writeString(folder.resolve("sharder.yml"), "trusted: [127.0.0.1]\n" + settings);
    String program =
        Path.of(System.getProperty("java.home"), "bin", "java")
            + " -cp '"
            + System.getProperty("java.class.path")
            + "' "
            + HubSharder.class.getName();
    serve =
        new ProcessBuilder(
                "bash",
                "-c",
                shell + " " + program + " serve --listen 127.0.0.1:0 --config " + config)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .start();
    BufferedReader log =
        new BufferedReader(new InputStreamReader(serve.getInputStream(), StandardCharsets.UTF_8));
    StringBuilder said = new StringBuilder();
    Optional<Matcher> answering = Optional.empty();
    while (answering.isEmpty()) {
      String line = log.readLine();
      assertThat(line).as("the end of the program, which said: %s", said).isNotNull();
      said.append(line).append('\n');
      answering = Optional.of(ANSWERING.matcher(line)).filter(Matcher::find);
    }
    port = Integer.parseInt(answering.get().group(1));
    // It would wait for a reader, once it has said too much.
    Thread reader = new Thread(() -> log.lines().forEach(line -> {}), "log-of-serve");
    reader.setDaemon(true);
    reader.start();
  }

  private void hold(int connections, String from, String request) throws IOException {
    for (int i = 0; i < connections; i++) {
      SocketChannel channel = SocketChannel.open();
      held.add(channel);
      channel.bind(new InetSocketAddress(from, 0));
      try {
        channel.connect(new InetSocketAddress(NGINX, port));
        channel.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.US_ASCII)));
      } catch (IOException refused) {
        channel.close();
      }
    }
  }

  private Socket connect(String from) throws IOException {
    Socket socket = new Socket(NGINX, port, InetAddress.getByName(from), 0);
    socket.setSoTimeout((int) Duration.ofSeconds(10).toMillis());
    return socket;
  }

  private void assertNginxIsAnswered() throws IOException {
    long start = System.nanoTime();
    for (int i = 0; i < 20; i++) {
      HubAnswer answer = RunningHub.send(port, NAMED + "Connection: close\r\n\r\n");
      assertThat(answer.status()).isEqualTo(302);
    }
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
  }

  private static String statusLine(Socket socket) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = socket.getInputStream().read();
      assertThat(next).as("the end after '%s'", head).isNotNegative();
      head.append((char) next);
    }
    return head.substring(0, head.indexOf("\r\n"));
  }

  /** Reads what is left of each connection; one that lives on would take a timeout to notice. */
  private void assertAllEnd() throws IOException {
    long start = System.nanoTime();
    List<SocketChannel> open = new ArrayList<>(held);
    while (!open.isEmpty()) {
      open.removeIf(ConnectionLimitsTest::isEnded);
      assertThat(Duration.ofNanos(System.nanoTime() - start))
          .as("%d connections are still open", open.size())
          .isLessThan(Duration.ofSeconds(40));
    }
  }

  private static boolean isEnded(SocketChannel channel) {
    try {
      if (channel.isOpen()) {
        channel.configureBlocking(false);
      }
      return !channel.isOpen() || channel.read(ByteBuffer.allocate(1)) < 0;
    } catch (IOException reset) {
      return true;
    }
  }

  private long descriptors() throws IOException {
    try (Stream<Path> all = Files.list(Path.of("/proc/" + serve.pid() + "/fd"))) {
      return all.count();
    }
  }
}
