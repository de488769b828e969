package dev.sharder.examples.hub.proxy.tls;

import dev.sharder.examples.hub.server.ListenerTls;
import dev.sharder.examples.hub.server.StartException;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLException;

/**
 * PEM files by which one end of a connection shows who it is and knows the other.
 *
 * @param identity the key and the certificates of this end
 * @param authorities who may sign the certificates of the other end; empty for those of Java
 * @param needsPeer whether clients must show a certificate
 * @param protocols the versions of TLS to use, such as TLSv1.3; empty for those of Java
 * @param suites the cipher suites that are used, as Java names them; empty for those of Java
 */
public record TlsFiles(
    Optional<Identity> identity,
    Optional<Path> authorities,
    boolean needsPeer,
    List<String> protocols,
    List<String> suites) {

  /** Shows no certificate, and knows the authorities of Java. */
  public static final TlsFiles NONE =
      new TlsFiles(Optional.empty(), Optional.empty(), false, List.of(), List.of());

  /**
   * A key with its certificate.
   *
   * @param certificates the certificate and those that it was signed by
   * @param passphrase of the key; empty if it is not encrypted
   */
  public record Identity(Path key, Path certificates, Optional<String> passphrase) {

    private List<X509Certificate> chain() throws CertificateException {
      List<X509Certificate> chain = TlsFiles.certificates(certificates);
      if (chain.isEmpty()) {
        throw new StartException(
            "'%s' has no certificate; name a PEM file with BEGIN CERTIFICATE in it"
                .formatted(certificates));
      }
      return chain;
    }

    private PrivateKey keyOf(X509Certificate certificate) {
      return new PemKey(key, passphrase).read(certificate.getPublicKey());
    }

    /** Returns the names of the files alone. */
    @Override
    public String toString() {
      return key + " and " + certificates;
    }
  }

  public TlsFiles {
    protocols = List.copyOf(protocols);
    suites = List.copyOf(suites);
  }

  /**
   * Reads them for a server.
   *
   * @throws StartException if one cannot be read; the message names it and the cure
   */
  public SslContext forServer() {
    Identity mine = identity.orElseThrow();
    return built(
        () -> {
          List<X509Certificate> chain = mine.chain();
          return SslContextBuilder.forServer(mine.keyOf(chain.get(0)), chain)
              .clientAuth(needsPeer ? ClientAuth.REQUIRE : ClientAuth.NONE);
        });
  }

  /** Reads them for a server of Undertow's. */
  public ListenerTls forListener() {
    JdkSslContext context = (JdkSslContext) forServer();
    return new ListenerTls(
        context.context(),
        needsPeer,
        protocols.isEmpty() ? List.of("TLSv1.3", "TLSv1.2") : protocols,
        context.cipherSuites());
  }

  /**
   * Reads them for a client.
   *
   * @param verifies whether servers must prove their names
   */
  public SslContext forClient(boolean verifies) {
    return built(
        () -> {
          SslContextBuilder client = SslContextBuilder.forClient();
          if (identity.isPresent()) {
            List<X509Certificate> chain = identity.get().chain();
            client.keyManager(identity.get().keyOf(chain.get(0)), chain);
          }
          return verifies
              ? client
              : client
                  .trustManager(InsecureTrustManagerFactory.INSTANCE)
                  .endpointIdentificationAlgorithm("");
        });
  }

  private interface Reading {
    SslContextBuilder begin() throws CertificateException;
  }

  private SslContext built(Reading reading) {
    try {
      SslContextBuilder builder = reading.begin().sslProvider(SslProvider.JDK);
      if (authorities.isPresent()) {
        builder.trustManager(certificates(authorities.get()));
      }
      return builder
          .protocols(protocols.isEmpty() ? null : protocols)
          .ciphers(suites.isEmpty() ? null : suites)
          .build();
    } catch (CertificateException | SSLException | IllegalArgumentException unusable) {
      throw new StartException(
          "TLS does not work with %s: %s; check the files, the protocol and the cipher suites"
              .formatted(
                  identity.map(Identity::toString).orElse("these options"), unusable.getMessage()),
          unusable);
    }
  }

  private static List<X509Certificate> certificates(Path file) throws CertificateException {
    try (InputStream in = Files.newInputStream(file)) {
      return CertificateFactory.getInstance("X.509").generateCertificates(in).stream()
          .map(X509Certificate.class::cast)
          .toList();
    } catch (CertificateException damaged) {
      throw new StartException(
          "Java does not accept the certificate '%s': %s; name a PEM file with X.509 certificates of version 3"
              .formatted(file, damaged.getMessage()),
          damaged);
    } catch (IOException unreadable) {
      throw new StartException(
          "certificate '%s' cannot be read: %s; name a PEM file that the proxy may read"
              .formatted(file, unreadable),
          unreadable);
    }
  }
}
