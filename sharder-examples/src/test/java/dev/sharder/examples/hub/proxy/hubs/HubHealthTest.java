package dev.sharder.examples.hub.proxy.hubs;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.examples.hub.proxy.Eventually;
import dev.sharder.examples.hub.server.CapturedLogLines;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whether a hub is up is seen soon, by real connections. */
@Timeout(120)
class HubHealthTest {

  private static HubState stateAt(String address) throws Exception {
    try (HealthCheck check = new HealthCheck(bin -> "/hub/health")) {
      return stateBy(check, address);
    }
  }

  private static HubState stateBy(HealthCheck check, String address) throws Exception {
    return check.of(hub(address)).toCompletableFuture().get(60, TimeUnit.SECONDS).state();
  }

  private static Hub hub(String address) {
    return new Hub("hub-1", Hub.target(bin(address)));
  }

  private static Bin bin(String address) {
    return Bin.of("hub-1").withLabels(Map.of("address", address));
  }

  @Test
  @DisplayName("a hub that dies is down, and up again when it comes back; each is logged once")
  void deathAndReturn() throws Exception {
    try (MortalHub mortal = MortalHub.start("hub-1");
        CapturedLogLines log = CapturedLogLines.of(Hub.class);
        HubDirectory hubs =
            new HubDirectory(() -> List.of(new BinLoad(bin(mortal.address()), 0)), hub -> {});
        HubHealth health = new HubHealth(hubs, new HealthCheck(bin -> "/hub/health"))) {
      hubs.refresh();
      Hub hub = hubs.find("hub-1").orElseThrow();
      health.start();
      mortal.die();
      Eventually.await(hub::state, HubState.DOWN::equals);
      mortal.live();
      Eventually.await(hub::state, HubState.UP::equals);
      mortal.setHealth(503);
      Eventually.await(hub::state, HubState.FAILING::equals);
      mortal.die();
      Eventually.await(hub::state, HubState.DOWN::equals);
      // A hub has its state a moment before the line is logged.
      assertThat(Eventually.await(log::lines, lines -> lines.size() >= 4))
          .satisfiesExactly(
              line ->
                  assertThat(line).startsWith("hub 'hub-1' at " + mortal.address() + " is down: "),
              line -> assertThat(line).endsWith(" is up again"),
              line -> assertThat(line).endsWith("/hub/health is answered 503"),
              line -> assertThat(line).contains(" is down: Connection refused"));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {200, 204, 302, 401, 404, 405, 429})
  @DisplayName("any answer below 500 is that of a hub that is up")
  void answers(int status) throws Exception {
    try (MortalHub hub = MortalHub.start("hub-1")) {
      hub.setHealth(status);
      assertThat(stateAt(hub.address())).isEqualTo(HubState.UP);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {500, 502, 503, 599})
  @DisplayName("a hub that answers with an error of its own is failing")
  void errors(int status) throws Exception {
    try (MortalHub hub = MortalHub.start("hub-1")) {
      hub.setHealth(status);
      assertThat(stateAt(hub.address())).isEqualTo(HubState.FAILING);
    }
  }

  @Test
  @DisplayName("of a name with two addresses, the one that takes the connection decides")
  void twoAddresses() throws Exception {
    InetAddress[] addresses = {
      InetAddress.getByName("127.0.0.2"),
      InetAddress.getByName("127.0.0.1"),
      InetAddress.getByName("127.0.0.3")
    };
    try (MortalHub hub = MortalHub.start("hub-1");
        HealthCheck check =
            new HealthCheck(bin -> "/hub/health", Duration.ofSeconds(20), name -> addresses)) {
      String address = hub.address().replace("127.0.0.1", "hub.example");
      assertThat(stateBy(check, address)).isEqualTo(HubState.UP);
      hub.setHealth(503);
      assertThat(stateBy(check, address)).isEqualTo(HubState.FAILING);
      hub.die();
      assertThat(stateBy(check, address)).isEqualTo(HubState.DOWN);
    }
  }

  @Test
  @DisplayName("a name server that fails takes no hub down whose addresses are known")
  void nameServer() throws Exception {
    AtomicBoolean fails = new AtomicBoolean();
    HealthCheck.NameLookup lookup =
        name -> {
          if (fails.get()) {
            throw new UnknownHostException(name);
          }
          return InetAddress.getAllByName("127.0.0.1");
        };
    try (MortalHub hub = MortalHub.start("hub-1");
        HealthCheck check = new HealthCheck(bin -> "/hub/health", Duration.ofSeconds(20), lookup)) {
      String address = hub.address().replace("127.0.0.1", "hub.example");
      assertThat(stateBy(check, address)).isEqualTo(HubState.UP);
      fails.set(true);
      assertThat(stateBy(check, address)).isEqualTo(HubState.UP);
      assertThat(stateBy(check, "http://unknown.example")).isEqualTo(HubState.DOWN);
    }
  }

  @Test
  @DisplayName("a hub that is silent is failing, and one that does not speak HTTP is down")
  void silence() throws Exception {
    try (HealthCheck impatient =
            new HealthCheck(bin -> "/", Duration.ofSeconds(2), InetAddress::getAllByName);
        ServerSocket socket = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
      String address = "http://127.0.0.1:" + socket.getLocalPort();
      assertThat(stateBy(impatient, address)).isEqualTo(HubState.FAILING);
    }
    try (ServerSocket socket = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
      Thread other = new Thread(() -> sayNoHttp(socket));
      other.start();
      assertThat(stateAt("127.0.0.1:" + socket.getLocalPort())).isEqualTo(HubState.DOWN);
      other.join();
    }
  }

  private static void sayNoHttp(ServerSocket socket) {
    try (Socket accepted = socket.accept()) {
      accepted.getOutputStream().write("SSH-2.0-x\r\n\r\n".getBytes(US_ASCII));
      accepted.shutdownOutput();
      accepted.getInputStream().readAllBytes();
    } catch (IOException gone) {
      // The other side has read enough.
    }
  }

  @Test
  @DisplayName("a hub at a Unix socket is up while a program answers there")
  void unixSockets(@TempDir Path folder) throws Exception {
    Path socket = folder.resolve("hub.sock");
    assertThat(stateAt("unix:" + socket)).isEqualTo(HubState.DOWN);
    try (ServerSocketChannel listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      listening.bind(UnixDomainSocketAddress.of(socket));
      Thread other = new Thread(() -> answerOnce(listening));
      other.start();
      assertThat(stateAt("unix:" + socket)).isEqualTo(HubState.UP);
      other.join();
    }
    assertThat(Files.exists(socket)).isTrue();
    assertThat(stateAt("unix:" + socket)).isEqualTo(HubState.DOWN);
  }

  private static void answerOnce(ServerSocketChannel listening) {
    try (SocketChannel accepted = listening.accept()) {
      accepted.write(ByteBuffer.wrap("HTTP/1.1 404 Nothing\r\n\r\n".getBytes(US_ASCII)));
      while (accepted.read(ByteBuffer.allocate(1024)) >= 0) {
        // Until the check has left.
      }
    } catch (IOException gone) {
      // It has read enough.
    }
  }

  @Test
  @DisplayName("a request that failed makes the next check come sooner")
  void suspicion() throws Exception {
    Hub hub = hub("127.0.0.1:1");
    assertThat(hub.isDue()).isTrue();
    assertThat(hub.isDue()).as("while it is asked").isFalse();
    hub.checked(HealthCheck.CheckResult.UP);
    assertThat(hub.isDue()).as("right after a check").isFalse();
    hub.suspect();
    long start = System.nanoTime();
    Eventually.await(hub::isDue, due -> due);
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(4));
  }
}
