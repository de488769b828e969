package dev.sharder.examples.hub.cli;

import dev.sharder.examples.hub.proxy.chp.ChpOptions;
import dev.sharder.examples.hub.proxy.tls.TlsFiles;
import io.netty.handler.ssl.CipherSuiteConverter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Option;

/** The options of configurable-http-proxy for TLS: to clients, to the hub and to targets. */
final class ChpTlsOptions {

  private static final Pattern PROTOCOL = Pattern.compile("TLSv1_([23])");

  @Option(names = "--ssl-key", paramLabel = "FILE", description = "the key of the proxy, as PEM")
  private @Nullable Path key;

  @Option(
      names = "--ssl-cert",
      paramLabel = "FILE",
      description = "the certificate of the proxy with those above it, as PEM")
  private @Nullable Path certificate;

  @Option(
      names = "--ssl-ca",
      paramLabel = "FILE",
      description = "CA certificates for clients, in PEM")
  private @Nullable Path authorities;

  @Option(names = "--ssl-request-cert", description = "clients must show a certificate")
  private boolean requestsCertificate;

  @Option(
      names = "--ssl-protocol",
      paramLabel = "TLSv1_2|TLSv1_3",
      description = "speak this version of TLS alone")
  private @Nullable String protocol;

  @Option(
      names = "--ssl-ciphers",
      paramLabel = "NAME:NAME",
      description = "use these cipher suites, by the names of OpenSSL or of Java")
  private @Nullable String ciphers;

  @Option(names = "--api-ssl-key", paramLabel = "FILE", description = "the key of the API, as PEM")
  private @Nullable Path apiKey;

  @Option(
      names = "--api-ssl-cert",
      paramLabel = "FILE",
      description = "the certificate of the API, as PEM")
  private @Nullable Path apiCertificate;

  @Option(
      names = "--api-ssl-ca",
      paramLabel = "FILE",
      description = "CA certificates for hubs, in PEM")
  private @Nullable Path apiAuthorities;

  @Option(names = "--api-ssl-request-cert", description = "hubs must show a certificate")
  private boolean apiRequestsCertificate;

  @Option(
      names = "--client-ssl-key",
      paramLabel = "FILE",
      description = "the key that targets with https see, as PEM")
  private @Nullable Path targetKey;

  @Option(
      names = "--client-ssl-cert",
      paramLabel = "FILE",
      description = "the certificate that targets with https see, as PEM")
  private @Nullable Path targetCertificate;

  @Option(
      names = "--client-ssl-ca",
      paramLabel = "FILE",
      description = "CA certificates for targets, in PEM (default: Java's trust store)")
  private @Nullable Path targetAuthorities;

  @Option(names = "--insecure", description = "do not verify the certificates of targets")
  private boolean isInsecure;

  @Option(
      names = {
        "--ssl-reject-unauthorized",
        "--api-ssl-reject-unauthorized",
        "--client-ssl-request-cert",
        "--client-ssl-reject-unauthorized"
      },
      description = "taken, but without effect: certificates that are asked for are always checked")
  private boolean isStrictAnyway;

  @Option(
      names = "--ssl-dhparam",
      paramLabel = "FILE",
      description = "taken, but without effect: Java has parameters of its own")
  private @Nullable Path dhParameters;

  @Option(names = "--ssl-allow-rc4", description = "taken, but without effect: Java has no RC4")
  private boolean allowsRc4;

  boolean isUsed() {
    return key != null || certificate != null;
  }

  /**
   * Returns which files are read.
   *
   * @param environment has the passphrases of keys
   */
  ChpOptions.Certificates certificates(Map<String, String> environment) {
    if (dhParameters != null || allowsRc4) {
      log().warn("--ssl-dhparam and --ssl-allow-rc4 have no effect with Java");
    }
    if (isStrictAnyway) {
      log()
          .info(
              "--ssl-reject-unauthorized and its like have no effect: certificates that are asked for are always checked");
    }
    return new ChpOptions.Certificates(
        server(
            identity("--ssl", key, certificate, passphrase(environment, "SSL")),
            authorities,
            requestsCertificate),
        server(
            identity("--api-ssl", apiKey, apiCertificate, passphrase(environment, "API_SSL")),
            apiAuthorities,
            apiRequestsCertificate),
        files(
            identity("--client-ssl", targetKey, targetCertificate, Optional.empty()),
            targetAuthorities,
            false),
        !isInsecure);
  }

  private static Optional<String> passphrase(Map<String, String> environment, String which) {
    return Optional.ofNullable(environment.get("CONFIGPROXY_" + which + "_KEY_PASSPHRASE"))
        .filter(text -> !text.isEmpty());
  }

  private static Optional<TlsFiles.Identity> identity(
      String option, @Nullable Path key, @Nullable Path certificate, Optional<String> passphrase) {
    if (key == null && certificate == null) {
      return Optional.empty();
    }
    if (key == null || certificate == null) {
      throw new UsageException(
          "%1$s-key and %1$s-cert are of no use without each other; give both".formatted(option));
    }
    return Optional.of(new TlsFiles.Identity(key, certificate, passphrase));
  }

  private Optional<TlsFiles> server(
      Optional<TlsFiles.Identity> identity, @Nullable Path signers, boolean asks) {
    return identity.map(mine -> files(Optional.of(mine), signers, asks));
  }

  private TlsFiles files(
      Optional<TlsFiles.Identity> identity, @Nullable Path signers, boolean asks) {
    return new TlsFiles(identity, Optional.ofNullable(signers), asks, protocols(), suites());
  }

  private List<String> protocols() {
    if (protocol == null || protocol.equals("TLS") || protocol.equals("SSLv23")) {
      return List.of();
    }
    Matcher known = PROTOCOL.matcher(protocol);
    if (!known.matches()) {
      throw new UsageException(
          "--ssl-protocol '%s' is unknown or unsafe; use TLSv1_2 or TLSv1_3, or leave it out for both"
              .formatted(protocol));
    }
    return List.of("TLSv1." + known.group(1));
  }

  private List<String> suites() {
    List<String> suites = new ArrayList<>();
    for (String name : ciphers == null ? new String[0] : ciphers.split("[:, ]+", -1)) {
      suites.add(suite(name));
    }
    return suites;
  }

  private static String suite(String name) {
    if (name.toUpperCase(Locale.ROOT).startsWith("TLS_")) {
      return name;
    }
    String java = CipherSuiteConverter.toJava(name, "TLS");
    if (java == null) {
      throw new UsageException(
          "--ssl-ciphers: '%s' is not the name of a cipher suite; list names such as ECDHE-RSA-AES128-GCM-SHA256, or leave it out for those of Java"
              .formatted(name));
    }
    return java;
  }

  /** Not a constant, because picocli makes this class while another thread sets up the log. */
  private static Logger log() {
    return LoggerFactory.getLogger(ChpTlsOptions.class);
  }
}
