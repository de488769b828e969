package dev.sharder.examples.hub.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("An error of the program")
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ProgramErrorsTest {

  private static final Duration SOON = Duration.ofSeconds(3);
  private static final String GET = "GET / HTTP/1.1\r\nHost: hub\r\n\r\n";

  /** Fails when it hears of an answer or a websocket. */
  private static final Traffic WRONG =
      new Traffic() {
        @Override
        public void answered(int status) {
          throw new IllegalStateException("this test wants it");
        }

        @Override
        public void opened(Tunnel websocket) {
          throw new IllegalStateException("this test wants it");
        }
      };

  private RawTarget target;
  private ProxyUnderTest proxy;

  private void answering(String answer, OurProxy how) throws IOException {
    target = RawTarget.answering(request -> answer);
    proxy = how.before(target.port());
  }

  @AfterEach
  void stop() throws IOException {
    proxy.close();
    target.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"httpd/", "http", "https", "http:", "http:/a", "httpx://127.0.0.1/", ""})
  @DisplayName("is not that a redirect names no host: it passes as it is")
  void oddRedirects(String location) throws IOException {
    Rewrites rewrites = new Rewrites(false, true, Optional.of("https"), Map.of());
    answering(
        "HTTP/1.1 302 Found\r\nLocation: " + location + "\r\nContent-Length: 2\r\n\r\nhi",
        OurProxy.withDefaults().with(rewrites));
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send(GET);
      RawResponse response = client.response();
      assertThat(response.head().value("Location")).isEqualTo(location);
      assertThat(response.body()).isEqualTo("hi");
    }
  }

  @Test
  @DisplayName("at an answer ends both connections, and no part of the answer is taken for another")
  void atAnAnswer() throws IOException {
    answering(RawTarget.ok("HTTP/1.1 200 OK\r\n\r\n"), OurProxy.withDefaults().with(WRONG));
    assertEnds(GET);
  }

  @Test
  @DisplayName("at the opening of a websocket ends both connections")
  void atAWebSocket() throws IOException {
    answering(RawHandshake.ACCEPTED + "\r\n", OurProxy.withDefaults().with(WRONG));
    assertEnds(RawHandshake.REQUEST);
  }

  @Test
  @DisplayName("in a decision ends the client's connection rather than let it wait")
  void inADecision() throws IOException {
    target = RawTarget.answering(request -> RawTarget.ok("hi"));
    Target there = Target.parse("http://127.0.0.1:" + target.port());
    proxy =
        OurProxy.withDefaults()
            .routedBy(
                request ->
                    CompletableFuture.completedFuture(
                        new Decision.Forward(there, "/", null, Traffic.IGNORED)));
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send(GET);
      assertThat(client.isSilentFor(SOON)).isFalse();
    }
    target.awaitNoneOpen(SOON);
  }

  private void assertEnds(String request) throws IOException {
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send(request);
      assertThat(client.endWithin(SOON)).isNotEqualTo(RawConnection.End.OPEN);
      assertThat(client.received()).isEmpty();
    }
    target.awaitNoneOpen(SOON);
  }
}
