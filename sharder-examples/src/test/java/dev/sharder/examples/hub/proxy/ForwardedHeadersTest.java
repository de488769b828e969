package dev.sharder.examples.hub.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("What a target learns about the client")
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ForwardedHeadersTest {

  private static final String TRUSTED = "127.0.0.0/8";
  private static final String SAID =
      "X-Forwarded-For: 203.0.113.7, 198.51.100.8\r\n"
          + "x-forwarded-proto: https\r\n"
          + "X-FORWARDED-HOST: public.example\r\n"
          + "X-Forwarded-Port: 8443\r\n";

  private RawTarget target;
  private ProxyUnderTest proxy;

  private void start(OurProxy options) throws IOException {
    target = RawTarget.answering(request -> RawTarget.ok(request.text()));
    proxy = options.before(target.port());
  }

  @AfterEach
  void stop() throws IOException {
    proxy.close();
    target.close();
  }

  @Test
  @DisplayName("is what the proxy sees of it")
  void plain() throws IOException {
    start(OurProxy.withDefaults().trusting());
    RawHead seen = seen("Host: hub.example\r\n");
    assertThat(seen.value("X-Forwarded-For")).isEqualTo("127.0.0.1");
    assertThat(seen.value("X-Forwarded-Proto")).isEqualTo("http");
    assertThat(seen.value("X-Forwarded-Host")).isEqualTo("hub.example");
    assertThat(seen.value("X-Forwarded-Port")).isEqualTo("80");
    assertThat(seen.value("Host")).isEqualTo("hub.example");
  }

  @Test
  @DisplayName("is nothing that the client says")
  void overwritten() throws IOException {
    start(OurProxy.withDefaults().trusting("192.0.2.1"));
    RawHead seen =
        seen(
            "Host: hub.example:8000\r\n"
                + SAID
                + SAID
                + "Forwarded: for=203.0.113.7\r\nX-Real-IP: 203.0.113.7\r\nX-Scheme: https\r\n");
    assertThat(seen.value("X-Forwarded-For")).isEqualTo("127.0.0.1");
    assertThat(seen.value("X-Forwarded-Proto")).isEqualTo("http");
    assertThat(seen.value("X-Forwarded-Host")).isEqualTo("hub.example:8000");
    assertThat(seen.value("X-Forwarded-Port")).isEqualTo("8000");
    assertThat(seen.text()).doesNotContain("203.0.113.7", "https", "public.example", "8443");
  }

  @Test
  @DisplayName("is what a trusted proxy says, and then its own address")
  void appended() throws IOException {
    start(OurProxy.withDefaults().trusting(TRUSTED));
    RawHead seen = seen("Host: hub.example\r\n" + SAID);
    assertThat(seen.value("X-Forwarded-For")).isEqualTo("203.0.113.7, 198.51.100.8, 127.0.0.1");
    assertThat(seen.value("X-Forwarded-Proto")).isEqualTo("https");
    assertThat(seen.value("X-Forwarded-Host")).isEqualTo("public.example");
    assertThat(seen.value("X-Forwarded-Port")).isEqualTo("8443");
    assertThat(seen.value("Host")).isEqualTo("hub.example");
  }

  @Test
  @DisplayName("is what a trusted proxy says in two fields, in one")
  void joined() throws IOException {
    start(OurProxy.withDefaults().trusting(TRUSTED));
    RawHead seen =
        seen("Host: hub\r\nX-Forwarded-For: 203.0.113.7\r\nX-Forwarded-For: 198.51.100.8\r\n");
    assertThat(seen.value("X-Forwarded-For")).isEqualTo("203.0.113.7, 198.51.100.8, 127.0.0.1");
  }

  @Test
  @DisplayName("is what the proxy sees of a trusted proxy that says nothing")
  void silentProxy() throws IOException {
    start(OurProxy.withDefaults().trusting(TRUSTED));
    RawHead seen = seen("Host: hub.example\r\n");
    assertThat(seen.value("X-Forwarded-For")).isEqualTo("127.0.0.1");
    assertThat(seen.value("X-Forwarded-Proto")).isEqualTo("http");
    assertThat(seen.value("X-Forwarded-Host")).isEqualTo("hub.example");
  }

  @Test
  @DisplayName("has no port that contradicts the scheme of a trusted proxy")
  void portOfScheme() throws IOException {
    start(OurProxy.withDefaults().trusting(TRUSTED));
    RawHead seen = seen("Host: hub.example\r\nX-Forwarded-Proto: https\r\n");
    assertThat(seen.value("X-Forwarded-Proto")).isEqualTo("https");
    assertThat(seen.value("X-Forwarded-Port")).isEqualTo("443");
  }

  @ParameterizedTest
  @ValueSource(strings = {"X-Forwarded-For", "x-forwarded-proto", "X-Forwarded-Host"})
  @DisplayName("is not lost by a client that names it in Connection")
  void named(String name) throws IOException {
    start(OurProxy.withDefaults().trusting());
    RawHead seen = seen("Host: hub.example\r\nConnection: close, " + name + "\r\n");
    assertThat(seen.value(name)).isIn("127.0.0.1", "http", "hub.example");
  }

  @ParameterizedTest
  @ValueSource(strings = {"hub.example:8000", "HUB.example", "[::1]:8000", "127.0.0.1"})
  @DisplayName("leaves Host as it is")
  void host(String host) throws IOException {
    start(OurProxy.withDefaults().trusting());
    assertThat(seen("Host: " + host + "\r\n").value("Host")).isEqualTo(host);
  }

  @Test
  @DisplayName("is a Host of the target's own where that is asked for")
  void changedOrigin() throws IOException {
    Rewrites rewrites = new Rewrites(true, false, Optional.empty(), Map.of());
    start(OurProxy.withDefaults().trusting().with(rewrites));
    RawHead seen = seen("Host: hub.example\r\n");
    assertThat(seen.value("Host")).isEqualTo("127.0.0.1:" + target.port());
    assertThat(seen.value("X-Forwarded-Host")).isEqualTo("hub.example");
  }

  @Test
  @DisplayName("is nothing from the proxy where that is switched off")
  void nothing() throws IOException {
    start(OurProxy.withDefaults());
    assertThat(seen("Host: hub.example\r\n").text().toLowerCase(Locale.ROOT))
        .doesNotContain("forwarded");
  }

  @Test
  @DisplayName("has the fields that the operator sets, instead of the client's")
  void customFields() throws IOException {
    Rewrites rewrites = new Rewrites(false, false, Optional.empty(), Map.of("X-Set", "ours"));
    start(OurProxy.withDefaults().with(rewrites));
    assertThat(seen("Host: hub\r\nx-set: theirs\r\n").values("X-Set")).isEqualTo(List.of("ours"));
  }

  private RawHead seen(String fields) throws IOException {
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send("GET / HTTP/1.1\r\n" + fields + "\r\n");
      RawResponse response = client.response();
      assertThat(response.status()).isEqualTo(200);
      return new RawHead(response.body());
    }
  }
}
