package dev.sharder.jdbc;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Starts programs that refuse to run as root. */
final class UnprivilegedProcess {

  private UnprivilegedProcess() {}

  /** Starts a program, which does not see that it is root's, and appends its output to the file. */
  static Process start(Path log, String... command) throws IOException {
    List<String> all = new ArrayList<>();
    if (System.getProperty("user.name").equals("root")) {
      // In a user namespace without a mapping, no user is root.
      all.addAll(List.of("unshare", "--user"));
    }
    all.addAll(List.of(command));
    File output = log.toFile();
    return new ProcessBuilder(all)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(output))
        .start();
  }
}
