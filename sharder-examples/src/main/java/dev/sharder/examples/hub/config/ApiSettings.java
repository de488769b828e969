package dev.sharder.examples.hub.config;

import dev.sharder.examples.hub.access.HostAllowlist;
import dev.sharder.examples.hub.redirect.UserNames;
import java.util.List;

/**
 * Who may change things by the API and the page for operators; no one if it names none.
 *
 * @param tokens the tokens of those who may
 * @param admins users who need none, because nginx names them
 * @param hosts the names of this server under which it may be asked without one
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
