package dev.sharder.examples.hub.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.examples.hub.server.RunningHub.HubAnswer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** No client takes more of the server than a link needs, or blocks it. */
@Timeout(60)
class RequestLimitsTest {

  private RunningHub hub;

  @BeforeEach
  void start() {
    hub = RunningHub.start("jdbc:sqlite::memory:", "hub-1");
  }

  @AfterEach
  void stop() {
    hub.close();
  }

  @Test
  void aLinkOfManyKilobytesPassesAndAHeaderOfAMegabyteDoesNot() throws Exception {
    String link = "/lab?x=" + "y".repeat(30_000);
    assertThat(ask("X-Original-URI: " + link).header("Location")).isEqualTo(link);
    assertRefused("X: " + "y".repeat(1_000_000));
  }

  @Test
  void aThousandHeadersAreTooMany() {
    assertRefused("X: y\r\n".repeat(1_000) + "X: y");
  }

  @Test
  void whoSendsTooMuchInTheHeadersIsToldSo() throws Exception {
    assertTold(431, ask("X: " + "y".repeat(70_000)));
    assertTold(431, ask("X: y\r\n".repeat(100) + "X: y"));
    assertTold(431, hub.get("/shard?" + "y".repeat(70_000), "ada"));
    assertThat(ask("X: y\r\n".repeat(90) + "X: y").status()).isEqualTo(302);
    assertThat(ask("X: " + "y".repeat(60_000)).status()).isEqualTo(302);
  }

  @Test
  void aNewcomersPostIsSentOnWithoutBeingReadUnlessItIsTooLargeForAnything() throws Exception {
    for (long length : new long[] {0, 10}) {
      HubAnswer answer = hub.ask("POST", "/shard", "REMOTE_USER: ada", "Content-Length: " + length);
      assertThat(answer.status()).as("%d bytes", length).isEqualTo(307);
    }
    String header = "Content-Length: 100000000000";
    assertTold(413, hub.ask("POST", "/shard", "REMOTE_USER: ada", header));
  }

  @ParameterizedTest
  @ValueSource(strings = {"1100000", "7fffffffffff"})
  void aChunkThatIsTooLargeIsRefusedInWordsAndTheLogStaysShort(String size) throws Exception {
    PrintStream standard = System.err;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    System.setErr(new PrintStream(printed, true, StandardCharsets.UTF_8));
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), hub.port())) {
      socket.setSoTimeout((int) Duration.ofSeconds(30).toMillis());
      String head =
          "POST /api/v1/kinds/hub/assignments HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
      socket.getOutputStream().write((head + size + "\r\n").getBytes(StandardCharsets.US_ASCII));
      socket.getOutputStream().write(new byte[1024 * 1024 + 1]);
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(answer).startsWith("HTTP/1.1 413 ").contains("application/problem+json");
    } finally {
      System.setErr(standard);
    }
    assertThat(printed.toString(StandardCharsets.UTF_8)).isEmpty();
  }

  @Test
  void whoDripsARequestIsCutOffAndOthersAreAnsweredMeanwhile() throws Exception {
    try (Socket slow = new Socket(InetAddress.getLoopbackAddress(), hub.port())) {
      slow.setSoTimeout((int) Duration.ofSeconds(30).toMillis());
      slow.getOutputStream()
          .write("GET /shard HTTP/1.1\r\nHost: x\r\nX: ".getBytes(StandardCharsets.US_ASCII));
      assertThat(hub.get("/shard", "ada").status()).isEqualTo(302);
      assertThat(isClosed(slow.getInputStream())).isTrue();
    }
  }

  @Test
  void whoDripsABodyIsCutOff() throws Exception {
    try (Socket slow = new Socket(InetAddress.getLoopbackAddress(), hub.port())) {
      slow.setSoTimeout((int) Duration.ofSeconds(30).toMillis());
      String head =
          "POST /shard HTTP/1.1\r\nHost: x\r\nREMOTE_USER: ada\r\nContent-Length: 100\r\n\r\na";
      slow.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
      assertThat(isClosed(slow.getInputStream())).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"zz\r\n", "-1\r\n", "1;x\n", "0x5\r\n", "\r\n"})
  void whatFollowsABadChunkIsNoRequest(String size) throws Exception {
    String request =
        "POST /nowhere HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            + size
            + "\r\nGET /shard HTTP/1.1\r\nHost: x\r\nREMOTE_USER: carl\r\nConnection: close\r\n\r\n";
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), hub.port())) {
      socket.setSoTimeout((int) Duration.ofSeconds(30).toMillis());
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      socket.shutdownOutput();
      String answers =
          new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
      assertThat(answers).doesNotContain("hub=hub-1").doesNotContain("302");
    }
  }

  private static boolean isClosed(InputStream in) {
    try {
      return in.read() < 0;
    } catch (IOException reset) {
      return !(reset instanceof java.net.SocketTimeoutException);
    }
  }

  private HubAnswer ask(String header) throws IOException {
    return hub.ask("GET", "/shard", header, "REMOTE_USER: ada");
  }

  private static void assertTold(int status, HubAnswer answer) {
    assertThat(answer.status()).isEqualTo(status);
    assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
    assertThat(answer.header("Connection")).isEqualTo("close");
    assertThat(answer.body()).contains("\"status\":" + status);
  }

  /** It is refused with words, or the connection ends before they could be read. */
  private void assertRefused(String header) {
    int status;
    try {
      status = ask(header).status();
    } catch (IOException | StringIndexOutOfBoundsException cutOff) {
      return;
    }
    assertThat(status).isBetween(400, 499);
  }
}
