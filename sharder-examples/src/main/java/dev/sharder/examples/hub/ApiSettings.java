package dev.sharder.examples.hub;

import dev.sharder.examples.api.Hosts;
import java.util.List;

/**
 * Who may change things by the API and the page for operators; no one if it names none.
 *
 * @param tokens the tokens of those who may
 * @param admins users who need none, because nginx names them
 * @param hosts the names of this server under which it may be asked without one
 */
record ApiSettings(SecretSettings tokens, List<String> admins, Hosts hosts) {

  static ApiSettings of(SettingsFile said, UserNames users) {
    return new ApiSettings(
        SecretSettings.of("api-tokens", said.apiTokens(), "api-token-file", said.apiTokenFile()),
        SecretSettings.checked("admins", said.admins(), users::spelled),
        new Hosts(
            SecretSettings.checked("api-hosts", said.apiHosts(), host -> Hosts.checked(host))));
  }
}
