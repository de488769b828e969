package dev.sharder.examples.hub;

import dev.sharder.InvalidValueException;
import dev.sharder.examples.api.Token;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Who may change things by the API; nobody if it names none.
 *
 * @param named the tokens that the settings name themselves
 * @param file where there are more, one a line
 */
record ApiTokens(List<Token> named, Optional<Path> file) {

  static ApiTokens of(List<String> secrets, Optional<Path> file) {
    List<Token> named = new ArrayList<>();
    for (String secret : secrets) {
      try {
        named.add(Token.of(secret));
      } catch (InvalidValueException wrong) {
        throw new SettingsException("api-tokens", "api-tokens: " + wrong.getMessage());
      }
    }
    return new ApiTokens(List.copyOf(named), file);
  }

  /** Returns all of them, those in the file as they are there now. */
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
