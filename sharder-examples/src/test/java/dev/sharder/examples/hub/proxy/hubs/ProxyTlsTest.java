package dev.sharder.examples.hub.proxy.hubs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.examples.hub.proxy.Eventually;
import dev.sharder.examples.hub.proxy.tls.PemPair;
import dev.sharder.examples.hub.proxy.tls.ServerCertificate;
import dev.sharder.examples.hub.proxy.tls.TlsFiles;
import dev.sharder.examples.hub.server.CapturedLogLines;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.undertow.Undertow;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Browsers see the certificate that is in the files, and hubs' certificates are verified. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ProxyTlsTest {

  @TempDir private Path folder;

  @Test
  @DisplayName("a certificate that was renewed counts after a reload, and a broken one never")
  void renewal() throws Exception {
    makeCertificate("one.example");
    String[] settings = {
      "proxy-tls-certificate: '%s'".formatted(folder.resolve("cert.pem")),
      "proxy-tls-key: '%s'".formatted(folder.resolve("key.pem"))
    };
    try (MortalHub hub = MortalHub.start("hub-1");
        RunningProxy proxy = RunningProxy.start(folder, List.of(hub), settings);
        CapturedLogLines log = CapturedLogLines.of(ServerCertificate.class)) {
      assertThat(subject(proxy)).isEqualTo("CN=one.example");
      makeCertificate("two.example");
      assertThat(subject(proxy)).isEqualTo("CN=one.example");
      proxy.reload(List.of(hub), settings);
      assertThat(subject(proxy)).isEqualTo("CN=two.example");
      Files.writeString(folder.resolve("key.pem"), "no key");
      proxy.reload(List.of(hub), settings);
      assertThat(subject(proxy)).isEqualTo("CN=two.example");
      assertThat(log.lines())
          .satisfiesExactly(
              line -> assertThat(line).isEqualTo("reloaded the certificate"),
              line -> assertThat(line).startsWith("the certificate in use is unchanged: "));
    }
  }

  @Test
  @DisplayName("who is refused in the middle of an upload reads why")
  void refusedUpload() throws Exception {
    makeCertificate("one.example");
    String[] settings = {
      "proxy-tls-certificate: '%s'".formatted(folder.resolve("cert.pem")),
      "proxy-tls-key: '%s'".formatted(folder.resolve("key.pem"))
    };
    try (MortalHub hub = MortalHub.start("hub-1");
        RunningProxy proxy = RunningProxy.start(folder, List.of(hub), settings)) {
      for (int i = 0; i < 5; i++) {
        assertThat(upload(proxy, new byte[3 * 1024 * 1024])).startsWith("HTTP/1.1 403 ");
      }
    }
  }

  private static String upload(RunningProxy proxy, byte[] body) throws Exception {
    try (SSLSocket socket = connect(proxy)) {
      String head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n";
      socket
          .getOutputStream()
          .write(head.formatted(body.length).getBytes(StandardCharsets.US_ASCII));
      socket.getOutputStream().write(body);
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static SSLSocket connect(RunningProxy proxy) throws Exception {
    SSLContext trusting = SSLContext.getInstance("TLS");
    trusting.init(null, InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
    SSLSocket socket =
        (SSLSocket)
            trusting
                .getSocketFactory()
                .createSocket(InetAddress.getLoopbackAddress(), proxy.proxy().port());
    socket.setSoTimeout(20_000);
    return socket;
  }

  private void makeCertificate(String name) throws Exception {
    PemPair pair = PemPair.make(folder, name);
    Files.move(pair.certificate(), folder.resolve("cert.pem"), StandardCopyOption.REPLACE_EXISTING);
    Files.move(pair.key(), folder.resolve("key.pem"), StandardCopyOption.REPLACE_EXISTING);
  }

  /** Asks for a page, and returns whom the certificate is for. */
  private static String subject(RunningProxy proxy) throws Exception {
    try (SSLSocket socket = connect(proxy)) {
      socket
          .getOutputStream()
          .write(
              "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
                  .getBytes(StandardCharsets.US_ASCII));
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(answer).startsWith("HTTP/1.1 403 ");
      return ((X509Certificate) socket.getSession().getPeerCertificates()[0])
          .getSubjectX500Principal()
          .getName();
    }
  }

  @Test
  @DisplayName("a hub whose certificate no authority has signed gets no request, and is down")
  void unverifiedHub() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    Undertow secured =
        Undertow.builder()
            .addHttpsListener(0, "127.0.0.1", ofLocalhost())
            .setHandler(exchange -> asked.incrementAndGet())
            .build();
    secured.start();
    int port = ((InetSocketAddress) secured.getListenerInfo().get(0).getAddress()).getPort();
    try (MortalHub hub = MortalHub.start("hub-1");
        RunningProxy proxy = RunningProxy.start(folder, List.of(hub))) {
      assertThat(proxy.hubOf("ada")).isEqualTo("hub-1");
      proxy.command("bin", "set", "hub-1", "--label", "address=https://localhost:" + port);
      // Until the first check has ended, a request goes there and is answered 502.
      Eventually.await(() -> proxy.hubOf("ada"), "503"::equals);
      assertThat(proxy.proxy().isUp("hub-1")).hasValue(false);
      assertThat(asked).hasValue(0);
    } finally {
      secured.stop();
    }
  }

  private SSLContext ofLocalhost() throws Exception {
    PemPair pair = PemPair.make(folder, "localhost");
    TlsFiles files =
        new TlsFiles(
            Optional.of(new TlsFiles.Identity(pair.key(), pair.certificate(), Optional.empty())),
            Optional.empty(),
            false,
            List.of(),
            List.of());
    return ((JdkSslContext) files.forServer()).context();
  }
}
