package dev.sharder.examples.hub.config;

import dev.sharder.InvalidValueException;
import dev.sharder.examples.hub.access.AccessToken;
import dev.sharder.examples.hub.files.FileFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Secrets that authorize requests.
 *
 * @param named those that the settings name themselves
 * @param fileKey the key of the settings that names the file
 * @param file a file with more of them, one a line
 */
public record SecretSettings(List<AccessToken> named, String fileKey, Optional<Path> file) {

  private static final Logger log = LoggerFactory.getLogger(SecretSettings.class);

  /**
   * Names secrets.
   *
   * @param key the key of the settings that lists secrets
   * @throws SettingsException if one is not a secret
   */
  static SecretSettings of(
      String key, @Nullable List<String> named, String fileKey, @Nullable String file) {
    return new SecretSettings(
        checked(key, named, AccessToken::of),
        fileKey,
        Optional.ofNullable(file).map(name -> RawSettings.path(fileKey, name)));
  }

  /** Checks each value of a list; its key stands before what is wrong with one. */
  static <T> List<T> checked(String key, @Nullable List<String> said, Function<String, T> check) {
    try {
      return said == null ? List.of() : said.stream().map(check).toList();
    } catch (InvalidValueException wrong) {
      throw new SettingsException(key, key + ": " + wrong.getMessage());
    }
  }

  /** Returns all secrets, and reads the file anew. */
  public List<AccessToken> read() {
    List<AccessToken> all = new ArrayList<>(named);
    file.ifPresent(path -> all.addAll(inFile(path)));
    return all;
  }

  private List<AccessToken> inFile(Path path) {
    List<AccessToken> tokens = new ArrayList<>();
    List<String> lines = lines(path);
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (!line.isEmpty() && !line.startsWith("#")) {
        try {
          tokens.add(AccessToken.of(line));
        } catch (InvalidValueException wrong) {
          throw new SettingsException(
              "%s '%s' line %d: %s".formatted(fileKey, path, i + 1, wrong.getMessage()));
        }
      }
    }
    return tokens;
  }

  private List<String> lines(Path path) {
    try {
      warnIfOpen(path);
      return Files.readAllLines(path);
    } catch (IOException unreadable) {
      throw new SettingsException(
          "%s '%s' cannot be read (%s); name a readable file in UTF-8, with one secret a line"
              .formatted(fileKey, path, FileFailure.reason(unreadable)));
    }
  }

  private void warnIfOpen(Path path) throws IOException {
    try {
      if (Files.isRegularFile(path)
          && Files.getPosixFilePermissions(path).contains(PosixFilePermission.OTHERS_READ)) {
        log.warn(
            "every user of this machine can read the secrets in {} '{}'; remove that permission with 'chmod"
                + " o= {}'",
            fileKey,
            path,
            path);
      }
    } catch (UnsupportedOperationException elsewhere) {
      // Other kinds of permissions are not checked.
    }
  }
}
