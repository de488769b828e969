package dev.sharder.examples.hub.proxy.chp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sharder.examples.hub.proxy.tls.PemPair;
import dev.sharder.examples.hub.proxy.tls.TlsFiles;
import dev.sharder.examples.hub.server.StartException;
import io.netty.handler.ssl.JdkSslContext;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Files of PEM, tried on the API. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TlsFilesTest {

  @TempDir private Path folder;

  private static TlsFiles files(Optional<PemPair> mine, Optional<PemPair> others, boolean asks) {
    return new TlsFiles(
        mine.map(PemPair::identity), others.map(PemPair::certificate), asks, List.of(), List.of());
  }

  private static RoutesApiServer start(TlsFiles tls) throws IOException {
    return RoutesApiServer.start(
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
        Optional.of(tls.forListener()),
        new RouteTable(InstantSource.system()),
        Optional.empty(),
        false,
        new ChpMetrics());
  }

  private static int status(RoutesApiServer api, TlsFiles client)
      throws IOException, InterruptedException {
    JdkSslContext context = (JdkSslContext) client.forClient(true);
    HttpRequest get =
        HttpRequest.newBuilder(URI.create("https://127.0.0.1:%d/api/routes".formatted(api.port())))
            .build();
    return HttpClient.newBuilder()
        .sslContext(context.context())
        .build()
        .send(get, BodyHandlers.discarding())
        .statusCode();
  }

  @Test
  @DisplayName("clients that know the signer get in, others do not")
  void server() throws Exception {
    PemPair pair = PemPair.make(folder, "hub");
    try (RoutesApiServer api = start(files(Optional.of(pair), Optional.empty(), false))) {
      assertThat(status(api, files(Optional.empty(), Optional.of(pair), false))).isEqualTo(200);
      assertThatThrownBy(() -> status(api, TlsFiles.NONE)).isInstanceOf(IOException.class);
    }
  }

  @Test
  @DisplayName("with --api-ssl-request-cert a client without a certificate does not get in")
  void clients() throws Exception {
    PemPair hub = PemPair.make(folder, "hub");
    PemPair client = PemPair.make(folder, "client");
    try (RoutesApiServer api = start(files(Optional.of(hub), Optional.of(client), true))) {
      assertThat(status(api, files(Optional.of(client), Optional.of(hub), false))).isEqualTo(200);
      TlsFiles anonymous = files(Optional.empty(), Optional.of(hub), false);
      assertThatThrownBy(() -> status(api, anonymous)).isInstanceOf(IOException.class);
    }
  }

  @Test
  @DisplayName("after a reload, connections see the new certificate")
  void reload() throws Exception {
    PemPair first = PemPair.make(folder, "first");
    PemPair second = PemPair.make(folder, "second");
    try (RoutesApiServer api = start(files(Optional.of(first), Optional.empty(), false))) {
      api.reload(files(Optional.of(second), Optional.empty(), false).forListener());
      assertThat(status(api, files(Optional.empty(), Optional.of(second), false))).isEqualTo(200);
      TlsFiles old = files(Optional.empty(), Optional.of(first), false);
      assertThatThrownBy(() -> status(api, old)).isInstanceOf(IOException.class);
    }
  }

  @Test
  @DisplayName("an RSA key may be in the older form of PKCS#1")
  void pkcs1() throws Exception {
    PemPair pair = PemPair.make(folder, "hub").older();
    assertThat(Files.readString(pair.key())).startsWith("-----BEGIN RSA PRIVATE KEY-----");
    try (RoutesApiServer api = start(files(Optional.of(pair), Optional.empty(), false))) {
      assertThat(status(api, files(Optional.empty(), Optional.of(pair), false))).isEqualTo(200);
    }
  }

  @Test
  @DisplayName("a key may be encrypted, and needs its passphrase then")
  void encrypted() throws Exception {
    PemPair pair = PemPair.make(folder, "hub").encrypted("open sesame");
    assertThat(Files.readString(pair.key())).startsWith("-----BEGIN ENCRYPTED PRIVATE KEY-----");
    assertThat(withPassphrase(pair, "open sesame").forServer().isServer()).isTrue();
    assertThatThrownBy(withPassphrase(pair, "open barley")::forServer)
        .isInstanceOf(StartException.class)
        .hasMessageContaining(pair.key() + "' does not go with")
        .hasMessageNotContaining("barley");
  }

  private static TlsFiles withPassphrase(PemPair pair, String passphrase) {
    TlsFiles.Identity identity =
        new TlsFiles.Identity(pair.key(), pair.certificate(), Optional.of(passphrase));
    return new TlsFiles(Optional.of(identity), Optional.empty(), false, List.of(), List.of());
  }

  private static void refused(PemPair pair, String... parts) {
    assertThatThrownBy(files(Optional.of(pair), Optional.empty(), false)::forServer)
        .isInstanceOf(StartException.class)
        .message()
        .contains(parts)
        .doesNotContain("\n");
  }

  @Test
  @DisplayName("a file that cannot be used is named, with the cure")
  void unusable() throws Exception {
    PemPair pair = PemPair.make(folder, "hub");
    PemPair other = PemPair.make(folder, "other");
    Path ec = Files.writeString(folder.resolve("ec.key"), "-----BEGIN EC PRIVATE KEY-----\nMA==\n");
    Path empty = Files.writeString(folder.resolve("empty"), "");
    refused(new PemPair(Path.of("no/such.key"), pair.certificate()), "key 'no/such.key'");
    refused(new PemPair(pair.key(), Path.of("no/such.crt")), "certificate 'no/such.crt'");
    refused(new PemPair(ec, pair.certificate()), ec.toString(), "openssl pkcs8 -topk8 -nocrypt");
    refused(new PemPair(empty, pair.certificate()), empty.toString());
    refused(new PemPair(pair.key(), empty), empty.toString());
    refused(new PemPair(other.key(), pair.certificate()), other.key().toString());
  }
}
