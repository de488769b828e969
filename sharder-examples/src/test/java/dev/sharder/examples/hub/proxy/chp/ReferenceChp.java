package dev.sharder.examples.hub.proxy.chp;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sharder.jdbc.FreePorts;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** configurable-http-proxy of npm, running. */
public record ReferenceChp(Process process, int port, int apiPort)
    implements ChpContract.ProxyUnderTest {

  private static final String COMMAND = "node_modules/.bin/configurable-http-proxy";
  private static final long START_SECONDS = 60;
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  /** Returns the folder that it is installed in. */
  static Path folder() {
    String named = System.getProperty("sharder.chp", System.getenv("SHARDER_CHP"));
    return Path.of(Optional.ofNullable(named).orElse("target/npm"));
  }

  /** Starts it with the token of the tests; the test is skipped where it is not installed. */
  public static ReferenceChp start(String... options) throws IOException {
    Path command = folder().resolve(COMMAND);
    assumeTrue(
        Files.isExecutable(command),
        "configurable-http-proxy is missing: npm install --prefix %s configurable-http-proxy@5.3.0"
            .formatted(folder()));
    List<Integer> ports = FreePorts.next(2);
    int port = ports.get(0);
    int apiPort = ports.get(1);
    List<String> line = new ArrayList<>(List.of("node", command.toString()));
    line.addAll(List.of("--ip", "127.0.0.1", "--port", "" + port));
    line.addAll(List.of("--api-ip", "127.0.0.1", "--api-port", "" + apiPort));
    line.addAll(List.of(options));
    ProcessBuilder builder = new ProcessBuilder(line);
    builder.environment().put("CONFIGPROXY_AUTH_TOKEN", ApiAnswer.TOKEN);
    builder.redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD);
    ReferenceChp chp = new ReferenceChp(builder.start(), port, apiPort);
    chp.awaitPorts();
    return chp;
  }

  private void awaitPorts() {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
    while (!isOpen(port) || !isOpen(apiPort)) {
      if (!process.isAlive() || System.nanoTime() > end) {
        close();
        throw new AssertionError("configurable-http-proxy did not start");
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  private static boolean isOpen(int port) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException closed) {
      return false;
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
    try {
      process.waitFor(START_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException interruption) {
      Thread.currentThread().interrupt();
    }
  }
}
