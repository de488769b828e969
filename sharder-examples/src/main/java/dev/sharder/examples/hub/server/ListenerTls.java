package dev.sharder.examples.hub.server;

import java.util.List;
import javax.net.ssl.SSLContext;
import org.xnio.OptionMap;
import org.xnio.Options;
import org.xnio.Sequence;
import org.xnio.SslClientAuthMode;

/**
 * How clients of a listener connect by TLS.
 *
 * @param context has the certificates
 * @param needsCertificate whether clients must show one, too
 * @param protocols those that are spoken, such as TLSv1.3
 * @param suites the cipher suites that are used, as Java names them
 */
public record ListenerTls(
    SSLContext context, boolean needsCertificate, List<String> protocols, List<String> suites) {

  public ListenerTls {
    protocols = List.copyOf(protocols);
    suites = List.copyOf(suites);
  }

  OptionMap addedTo(OptionMap sockets) {
    return OptionMap.builder()
        .addAll(sockets)
        .set(
            Options.SSL_CLIENT_AUTH_MODE,
            needsCertificate ? SslClientAuthMode.REQUIRED : SslClientAuthMode.NOT_REQUESTED)
        .set(Options.SSL_ENABLED_PROTOCOLS, Sequence.of(protocols))
        .set(Options.SSL_ENABLED_CIPHER_SUITES, Sequence.of(suites))
        .getMap();
  }
}
