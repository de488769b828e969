package dev.sharder.examples.hub.proxy.tls;

import dev.sharder.examples.hub.server.StartException;
import io.netty.handler.ssl.SslContext;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The certificate that browsers see, which is read again when it was renewed. Thread-safe. */
public final class ServerCertificate implements Supplier<SslContext> {

  private static final Logger log = LoggerFactory.getLogger(ServerCertificate.class);

  private final TlsFiles files;
  private volatile SslContext context;

  /**
   * Reads a certificate and its key.
   *
   * @throws StartException if they cannot be read, or do not belong together
   */
  public ServerCertificate(TlsFiles files) {
    this.files = files;
    this.context = files.forServer();
  }

  /**
   * Reads the files again, for the connections from now on.
   *
   * @throws StartException if they cannot be used; the certificate stays
   */
  public void refresh() {
    context = files.forServer();
  }

  /** Does the same, and logs what became of it instead of failing. */
  public void reload() {
    try {
      refresh();
      log.info("reloaded the certificate");
    } catch (StartException unusable) {
      log.error("the certificate in use is unchanged: {}", unusable.getMessage());
    }
  }

  @Override
  public SslContext get() {
    return context;
  }
}
