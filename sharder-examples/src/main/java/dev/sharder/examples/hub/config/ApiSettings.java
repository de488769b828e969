package dev.sharder.examples.hub.config;

import dev.sharder.examples.hub.access.HostAllowlist;
import dev.sharder.examples.hub.redirect.UserNames;
import java.util.List;

/**
 * Who may make changes by the API and the page for operators; no one if all lists are empty.
 *
 * @param tokens the accepted tokens
 * @param admins users who need none, because nginx names them
 * @param hosts the host names of this server that accept requests without a token
 */
public record ApiSettings(SecretSettings tokens, List<String> admins, HostAllowlist hosts) {

  static ApiSettings of(RawSettings said, UserNames users) {
    return new ApiSettings(
        SecretSettings.of("api-tokens", said.apiTokens(), "api-token-file", said.apiTokenFile()),
        SecretSettings.checked("admins", said.admins(), users::spelled),
        new HostAllowlist(
            SecretSettings.checked(
                "api-hosts", said.apiHosts(), host -> HostAllowlist.checked(host))));
  }
}
