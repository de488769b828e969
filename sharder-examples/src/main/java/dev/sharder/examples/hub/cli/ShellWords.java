package dev.sharder.examples.hub.cli;

import dev.sharder.examples.hub.config.SharderLauncher;
import java.io.File;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Commands that can be copied into a POSIX shell. */
final class ShellWords {

  private static final Pattern PLAIN =
      Pattern.compile("[\\w@%+=:,./-]+", Pattern.UNICODE_CHARACTER_CLASS);

  private ShellWords() {}

  /** Returns the words with quotes where a shell needs them. */
  static String quoted(List<String> words) {
    return words.stream().map(ShellWords::quoted).collect(Collectors.joining(" "));
  }

  private static String quoted(String word) {
    return PLAIN.matcher(word).matches() ? word : "'" + word.replace("'", "'\\''") + "'";
  }

  /** Returns how this program was started. */
  static String ofProgram() {
    String jar = System.getProperty("java.class.path", "");
    boolean isJar = jar.endsWith(".jar") && !jar.contains(File.pathSeparator);
    return SharderLauncher.command()
        .map(ShellWords::quoted)
        .orElseGet(() -> isJar ? "java -jar " + quoted(jar) : "sharder");
  }
}
