package dev.sharder.examples.hub.config;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.sharder.InvalidValueException;
import dev.sharder.examples.FuzzInput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;

@DisplayName("A configuration is understood, or refused with a reason that shows no secret")
@Timeout(10)
class SettingsFuzzTest {

  /** What the kept inputs have for a secret. */
  private static final String SECRET = "hidden-hidden-hidden-hidden-hidden";

  private static final Pattern KEY = Pattern.compile("([A-Za-z][\\w-]*) *:.*");

  private static final Pattern SECRET_KEY =
      Pattern.compile(
          "(cookie-keys|api-tokens|database-password|lti-consumers|db_password)",
          Pattern.CASE_INSENSITIVE);

  private static final Path FOLDER = folder();

  private static Path folder() {
    try {
      Path folder = Files.createTempDirectory("sharder-fuzz");
      folder.toFile().deleteOnExit();
      return folder;
    } catch (IOException failure) {
      throw new IllegalStateException("there is no folder for temporary files", failure);
    }
  }

  /** The first line is a variable of the environment, NAME=value; the rest is the file. */
  @FuzzTest
  void isUnderstoodOrRefused(byte[] input) throws IOException {
    List<String> parts = FuzzInput.parts(input, 2, UTF_8);
    String[] variable = parts.get(0).split("=", 2);
    Path file = Files.writeString(FOLDER.resolve("sharder.yml"), parts.get(1));
    Map<String, String> environment = Map.of(variable[0], variable.length == 1 ? "" : variable[1]);
    try {
      Settings settings = SettingsReader.read(file, null, null, List.of(), environment);
      assertThat(settings.port()).isBetween(0, 65_535);
      settings.bins().forEach(bin -> settings.location().checkBin(bin.name()));
      assertThat(settings.policy("hub")).isNotNull();
    } catch (SettingsException | InvalidValueException refused) {
      assertThat(refused.getMessage()).isNotBlank();
      if (isSecret(parts)) {
        assertThat(refused.getMessage()).doesNotContain(SECRET);
      }
    }
  }

  /** Whether the secret stands only where one belongs, and nowhere that a message should quote. */
  private static boolean isSecret(List<String> parts) {
    String key = parts.get(0).replaceFirst("^SHARDER_", "").replaceFirst("=.*", "");
    if (parts.get(0).contains(SECRET) && !isSecret(key.replace('_', '-'))) {
      return false;
    }
    key = "";
    for (String line : parts.get(1).split("\\R")) {
      key = KEY.matcher(line).matches() ? line.substring(0, line.indexOf(':')).strip() : key;
      if (line.contains(SECRET) && !isSecret(key)) {
        return false;
      }
    }
    return true;
  }

  private static boolean isSecret(String key) {
    return SECRET_KEY.matcher(key).matches();
  }
}
