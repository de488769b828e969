package dev.sharder.examples.hub;

import dev.sharder.Note;
import dev.sharder.examples.api.Hosts;
import java.util.List;

/**
 * Who may change things by the API and the page for operators; no one if it names none.
 *
 * @param tokens the tokens of those who may
 * @param admins users who need none, because nginx names them
 * @param hosts the names of this server under which it may be asked without one
 */
record ApiSettings(Secrets tokens, List<String> admins, Hosts hosts) {

  static ApiSettings of(SettingsFile said) {
    return new ApiSettings(
        Secrets.of("api-tokens", said.apiTokens(), "api-token-file", said.apiTokenFile()),
        Secrets.checked("admins", said.admins(), admin -> new Note(admin, "").actor()),
        new Hosts(Secrets.checked("api-hosts", said.apiHosts(), host -> Hosts.checked(host))));
  }
}
