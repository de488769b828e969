package dev.sharder.jdbc;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

/**
 * This process's class path for its child processes, with an archive of loaded classes: a short
 * child would spend a third of its time on loading them.
 */
final class ChildClassPath {

  /** A child that cannot use the archive says nothing of it, and loads its classes. */
  private static final String QUIET = "-Xlog:cds*=off";

  private static final List<String> OPTIONS = make();

  private ChildClassPath() {}

  /** Returns the options of Java. The archive is made at the first call. */
  static List<String> options() {
    return OPTIONS;
  }

  private static List<String> make() {
    try {
      Path folder = Files.createTempDirectory("child-classes");
      folder.toFile().deleteOnExit();
      String classPath = jars(folder);
      Path archive = folder.resolve("classes.jsa");
      archive.toFile().deleteOnExit();
      load(classPath, archive);
      return List.of(QUIET, "-XX:SharedArchiveFile=" + archive, "-cp", classPath);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    } catch (InterruptedException interruption) {
      throw new IllegalStateException("interrupted while making an archive", interruption);
    }
  }

  /** Returns the class path with a jar for each folder, because Java archives no folders. */
  private static String jars(Path folder) {
    List<String> jars = new ArrayList<>();
    for (String part : System.getProperty("java.class.path").split(File.pathSeparator)) {
      if (Files.isDirectory(Path.of(part))) {
        Path jar = folder.resolve(jars.size() + ".jar");
        jar.toFile().deleteOnExit();
        int exitCode =
            ToolProvider.findFirst("jar")
                .orElseThrow()
                .run(System.out, System.err, "-c", "-0", "-f", jar.toString(), "-C", part, ".");
        if (exitCode != 0) {
          throw new IllegalStateException("no jar was made of '%s'".formatted(part));
        }
        jars.add(jar.toString());
      } else {
        jars.add(part);
      }
    }
    return String.join(File.pathSeparator, jars);
  }

  /** Runs a child that assigns objects, and archives what it loads. */
  private static void load(String classPath, Path archive)
      throws IOException, InterruptedException {
    String database = "jdbc:sqlite:file:classes?mode=memory&cache=shared";
    Path errors = archive.resolveSibling("errors");
    errors.toFile().deleteOnExit();
    Process child =
        new ProcessBuilder(
                Stream.of(
                        ChildProcess.JAVA,
                        List.of(QUIET, "-XX:ArchiveClassesAtExit=" + archive, "-cp", classPath),
                        List.of(AssigningProcess.class.getName(), database, "2", "1"))
                    .flatMap(List::stream)
                    .toList())
            .redirectOutput(Redirect.DISCARD)
            .redirectError(errors.toFile())
            .start();
    child.getOutputStream().close();
    try {
      if (!child.waitFor(1, TimeUnit.MINUTES) || child.exitValue() != 0) {
        throw new IOException("a child made no archive: " + Files.readString(errors));
      }
    } finally {
      child.destroyForcibly();
    }
  }
}
