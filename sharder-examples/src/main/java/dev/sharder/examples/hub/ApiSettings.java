package dev.sharder.examples.hub;

import dev.sharder.InvalidValueException;
import dev.sharder.examples.api.Hosts;
import dev.sharder.examples.api.Token;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Who may change things by the API and the page for operators; nobody if it names none.
 *
 * @param named the tokens that the settings name themselves
 * @param file where there are more, one a line
 * @param admins users who need none, because nginx names them
 * @param hosts the names of this server under which it may be asked without one
 */
record ApiSettings(List<Token> named, Optional<Path> file, List<String> admins, Hosts hosts) {

  static ApiSettings of(SettingsFile said, UserNames users) {
    return new ApiSettings(
        checked("api-tokens", said.apiTokens(), Token::of),
        Optional.ofNullable(said.apiTokenFile()).map(Path::of),
        checked("admins", said.admins(), users::spelled),
        new Hosts(checked("api-hosts", said.apiHosts(), host -> Hosts.checked(host))));
  }

  private static <T> List<T> checked(
      String key, @Nullable List<String> said, Function<String, T> check) {
    try {
      return said == null ? List.of() : said.stream().map(check).toList();
    } catch (InvalidValueException wrong) {
      throw new SettingsException(key, key + ": " + wrong.getMessage());
    }
  }

  /** Returns all tokens, those in the file as they are there now. */
  List<Token> read() {
    List<Token> all = new ArrayList<>(named);
    file.ifPresent(path -> all.addAll(inFile(path)));
    return all;
  }

  private static List<Token> inFile(Path path) {
    List<Token> tokens = new ArrayList<>();
    List<String> lines = lines(path);
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (!line.isEmpty() && !line.startsWith("#")) {
        try {
          tokens.add(Token.of(line));
        } catch (InvalidValueException wrong) {
          throw new SettingsException(
              "api-token-file '%s' line %d: %s".formatted(path, i + 1, wrong.getMessage()));
        }
      }
    }
    return tokens;
  }

  private static List<String> lines(Path path) {
    try {
      return Files.readAllLines(path);
    } catch (IOException unreadable) {
      throw new SettingsException(
          "api-token-file '%s' cannot be read (%s); name a readable file in UTF-8, with one token a line"
              .formatted(path, unreadable));
    }
  }
}
