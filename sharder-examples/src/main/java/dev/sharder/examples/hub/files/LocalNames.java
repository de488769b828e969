package dev.sharder.examples.hub.files;

import java.io.File;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** The names of files, which Java encodes by the locale. */
public final class LocalNames {

  private static final String ENCODING = "sun.jnu.encoding";

  private LocalNames() {}

  /**
   * Returns the path of a name.
   *
   * @throws InvalidPathException if the locale cannot encode it, or would not do so in UTF-8 where
   *     other programs do
   */
  public static Path path(String name) {
    if (!areUnicode() && !isAscii(name) && File.separatorChar == '/') {
      throw new InvalidPathException(name, "the locale is not UTF-8");
    }
    return Path.of(name);
  }

  /** Returns whether the locale encodes names in UTF-8. */
  public static boolean areUnicode() {
    String encoding = encoding();
    return Charset.isSupported(encoding)
        && Charset.forName(encoding).equals(StandardCharsets.UTF_8);
  }

  /** Returns the name of the locale's encoding. */
  public static String encoding() {
    return System.getProperty(ENCODING, "UTF-8");
  }

  /** Returns whether every locale reads and writes the text alike. */
  public static boolean isAscii(String text) {
    return text.chars().allMatch(unit -> unit < 0x80);
  }
}
