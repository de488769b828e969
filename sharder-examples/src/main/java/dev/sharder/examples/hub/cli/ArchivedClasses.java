package dev.sharder.examples.hub.cli;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import org.sqlite.util.LibraryLoaderUtil;

/**
 * Uses the classes that the launcher's archive is to have: those of the everyday commands, of a
 * server, and of databases that need not be there. {@code sharder} runs it, once for a jar and a
 * Java.
 */
final class ArchivedClasses {

  /** The drivers of databases, without what needs other libraries, and our own classes. */
  private static final Pattern LOADED =
      Pattern.compile(
          "(org/postgresql/(core|jdbc|util|jre7|hostchooser|ssl|plugin|Driver).*"
              + "|org/mariadb/jdbc/(?!plugin/credential/aws).*|dev/sharder/(?!examples/tenants).*)\\.class");

  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final Duration PAUSE = Duration.ofMillis(10);

  private static final PrintStream NOWHERE = new PrintStream(OutputStream.nullOutputStream());

  private ArchivedClasses() {}

  /**
   * Uses them, and leaves the library of SQLite in the folder if programs may be run from there.
   *
   * @param args the folder
   */
  public static void main(String[] args) throws Exception {
    Path folder = Path.of(args[0]);
    unpackSqlite(folder);
    loadAll();
    // The log of a server, because that of a command is a part of it.
    LogFormat.queue();
    String database = "--database=jdbc:sqlite:" + folder.resolve("archived.db");
    for (List<String> command :
        List.of(
            List.of("--version"),
            List.of("bin", "add", "hub-1", database),
            List.of("assign", "ada", database),
            List.of("find", "ada", database),
            List.of("find", "ada", database, "--output=json"),
            List.of("explain", "bob", database),
            List.of("bins", database),
            List.of("list", database, "--output=csv"),
            List.of("history", "ada", database))) {
      if (HubSharder.run(command.toArray(String[]::new), nowhere(), NOWHERE) != ExitCodes.DONE) {
        throw new IllegalStateException("no archive is made, because this failed: " + command);
      }
    }
    serve(database);
    // Ends the server, too. The threads of libraries do not keep the archive from being written.
    System.exit(0);
  }

  private static StandardOutput nowhere() {
    return new StandardOutput(NOWHERE);
  }

  private static void unpackSqlite(Path folder) throws IOException {
    String name = LibraryLoaderUtil.getNativeLibName();
    Path library = folder.resolve(name);
    String inJar = LibraryLoaderUtil.getNativeLibResourcePath() + "/" + name;
    try (InputStream packed = ArchivedClasses.class.getResourceAsStream(inJar)) {
      if (packed != null) {
        Files.copy(packed, library);
        System.load(library.toString());
        System.setProperty("org.sqlite.lib.path", folder.toString());
      }
    } catch (UnsatisfiedLinkError noexec) {
      Files.delete(library);
    }
  }

  private static void loadAll() throws IOException {
    File jar = new File(System.getProperty("java.class.path"));
    try (JarFile all = new JarFile(jar)) {
      int methods =
          all.stream()
              .map(ZipEntry::getName)
              .filter(LOADED.asMatchPredicate())
              .mapToInt(ArchivedClasses::link)
              .sum();
      System.out.println(methods + " methods of classes that may be used");
    }
  }

  /**
   * Links the class, without which Java does not archive it, and returns how many methods it has.
   */
  private static int link(String file) {
    String name = file.substring(0, file.length() - ".class".length()).replace('/', '.');
    try {
      // Java links a class that it is asked the methods of.
      return Class.forName(name, false, ArchivedClasses.class.getClassLoader())
          .getDeclaredMethods()
          .length;
    } catch (ClassNotFoundException | LinkageError unusable) {
      // It uses a library that the jar does not have, and so no command uses it.
      return 0;
    }
  }

  private static void serve(String database) throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    String[] command = {"serve", "--listen=127.0.0.1:" + port, database};
    Thread server =
        new Thread(() -> HubSharder.run(command, nowhere(), NOWHERE), "archived-server");
    server.setDaemon(true);
    server.start();
    long end = System.nanoTime() + LIMIT.toNanos();
    while (!answer(port).contains(" 302 ")) {
      if (!server.isAlive() || System.nanoTime() > end) {
        throw new IllegalStateException("no archive is made, because this failed: serve");
      }
      LockSupport.parkNanos(PAUSE.toNanos());
    }
  }

  /** Returns what the server answers to a user; empty if it does not answer yet. */
  private static String answer(int port) {
    try (Socket user = new Socket(InetAddress.getLoopbackAddress(), port)) {
      user.setSoTimeout((int) LIMIT.toMillis());
      String request = "GET /shard HTTP/1.0\r\nHost: localhost\r\nREMOTE_USER: ada\r\n\r\n";
      user.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      return new String(user.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    } catch (IOException notYet) {
      return "";
    }
  }
}
