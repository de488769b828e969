package dev.sharder.examples.hub;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.examples.hub.RunningHub.Answer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Nobody takes more of the server than a link needs, or holds it up. */
@Timeout(60)
class LimitsTest {

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
  void aNewcomersPostOfAnySizeIsSentOnWithoutBeingRead() throws Exception {
    for (long length : new long[] {0, 10, 100_000_000_000L}) {
      Answer answer = hub.ask("POST", "/shard", "REMOTE_USER: ada", "Content-Length: " + length);
      assertThat(answer.status()).as("%d bytes", length).isIn(307, 413);
    }
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

  private static boolean isClosed(InputStream in) {
    try {
      return in.read() < 0;
    } catch (IOException reset) {
      return !(reset instanceof java.net.SocketTimeoutException);
    }
  }

  private Answer ask(String header) throws IOException {
    return hub.ask("GET", "/shard", header, "REMOTE_USER: ada");
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
