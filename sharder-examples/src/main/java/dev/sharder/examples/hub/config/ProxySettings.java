package dev.sharder.examples.hub.config;

import dev.sharder.InvalidValueException;
import dev.sharder.examples.hub.access.AccessToken;
import dev.sharder.examples.hub.access.TrustedPeers;
import dev.sharder.examples.hub.access.TrustedProxy;
import java.util.List;
import java.util.Objects;

/**
 * How the proxy in front is recognized.
 *
 * @param peers the addresses that it asks from
 * @param secrets the secrets of which it sends one; if there are none, its address is enough
 */
public record ProxySettings(TrustedPeers peers, SecretSettings secrets) {

  private static final List<String> LOOPBACK = List.of("127.0.0.0/8", "::1");

  static ProxySettings of(RawSettings said) {
    return new ProxySettings(
        peers(Objects.requireNonNullElse(said.trusted(), LOOPBACK)),
        SecretSettings.of(
            "proxy-secrets", said.proxySecrets(), "proxy-secret-file", said.proxySecretFile()));
  }

  private static TrustedPeers peers(List<String> trusted) {
    try {
      return TrustedPeers.of(trusted);
    } catch (InvalidValueException wrong) {
      throw new SettingsException("trusted", wrong.getMessage());
    }
  }

  /**
   * Returns the proxy, with the secrets that are in the file now.
   *
   * @param admins the users who may do everything when the proxy names them
   * @throws SettingsException if there are any, and no secret: any program at the address of the
   *     proxy could call itself by their name
   */
  public TrustedProxy read(List<String> admins) {
    List<AccessToken> known = secrets.read();
    secrets
        .file()
        .filter(path -> known.isEmpty())
        .ifPresent(
            path -> {
              throw new SettingsException(
                  "proxy-secret-file '%s' holds no secret; write one into it with 'openssl rand -hex 32'"
                      .formatted(path));
            });
    if (!admins.isEmpty() && known.isEmpty()) {
      throw new SettingsException(
          "admins: any program at a trusted address could call itself %s and change everything; make a secret with 'openssl rand -hex 32', put it into the file that 'proxy-secret-file' names, and have nginx send it as X-Sharder-Secret (docs/security.md shows how)"
              .formatted(admins.get(0)));
    }
    return new TrustedProxy(peers, known);
  }
}
