package dev.sharder.examples.hub.redirect;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.sharder.examples.FuzzInput;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;

@DisplayName("A return path leads to a page of this site, whatever was asked for")
public class ReturnPathFuzzTest {

  private static final URI SITE = URI.create("https://hub.example.org/shard");

  /** The first line is what nginx says was asked for; then the path and the query that came. */
  @FuzzTest
  void staysOnTheSite(byte[] input) {
    List<String> parts = FuzzInput.parts(input, 3, StandardCharsets.ISO_8859_1);
    Optional<String> original = Optional.of(parts.get(0)).filter(uri -> !uri.isEmpty());
    String path = ReturnPath.of(original, parts.get(1), parts.get(2));
    assertThat(staysOnTheSite(path)).as(path).isTrue();
    if (original.isPresent()
        && staysOnTheSite(original.get())
        && ReturnPath.isLocal(original.get())
        && !ReturnPath.isBelowShard(original.get())) {
      assertThat(path).isEqualTo(original.get());
    }
  }

  /**
   * Whether a browser that is sent there asks this site: by the URL standard it drops tabs and line
   * breaks, takes a backslash for a slash, and reads a host name after two of them.
   */
  public static boolean staysOnTheSite(String location) {
    boolean hasOddCharacters =
        location
            .chars()
            .anyMatch(c -> Character.isISOControl(c) && c < 0x80 || c == '\\' || c == ' ');
    return location.startsWith("/")
        && !location.startsWith("//")
        && !hasOddCharacters
        && isHere(location);
  }

  /** Java's own reading of it, where it is a URL to Java at all. */
  private static boolean isHere(String location) {
    try {
      URI asked = SITE.resolve(new URI(location));
      return SITE.getRawAuthority().equals(asked.getRawAuthority())
          && SITE.getScheme().equals(asked.getScheme());
    } catch (URISyntaxException noUrl) {
      return true;
    }
  }
}
