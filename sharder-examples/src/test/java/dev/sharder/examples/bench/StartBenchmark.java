package dev.sharder.examples.bench;

import dev.sharder.examples.bench.Benchmarks.Skipped;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** The launcher and its commands in a process of their own, beside an empty Java program. */
final class StartBenchmark {

  private static final int ROUNDS = 10;
  private static final String JAVA_HOME = System.getProperty("java.home");
  private static final Path LAUNCHER = Path.of("target", "sharder").toAbsolutePath();
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(2);
  private static final long IDLE_SECONDS = 10;
  private static final double MOST_MEGABYTES = 120;

  private StartBenchmark() {}

  static MeasuredRatio version() throws Exception {
    return beside("at most 3, was 7.8", "--version");
  }

  static MeasuredRatio findOnSqlite() throws Exception {
    String database = sqlite();
    run(launcher("bin", "add", "hub-1", database));
    run(launcher("assign", "ada", database));
    return beside("at most 6, was 21", "find", "ada", database);
  }

  static MeasuredRatio binsOnPostgres() throws Exception {
    try (BenchDatabase where = BenchDatabase.postgres()) {
      String database = "--database=" + where.url;
      run(launcher("bin", "add", "hub-1", database));
      return beside("at most 8, was 19", "bins", database);
    }
  }

  private static MeasuredRatio beside(String goal, String... command) throws Exception {
    archive();
    return MeasuredRatio.alternately(
        ROUNDS,
        "ms, an empty Java program; goal " + goal,
        () -> run(launcher(command)),
        () -> run(emptyProgram()));
  }

  /** From the start of a server to its first 302. */
  static MeasuredRatio serve() throws Exception {
    archive();
    String database = sqlite();
    return MeasuredRatio.alternately(
        ROUNDS,
        "ms to the first 302, an empty Java program; goal at most 12, was 23",
        () -> startAndStop(database),
        () -> run(emptyProgram()));
  }

  private static double startAndStop(String database) throws Exception {
    long start = System.nanoTime();
    int port = freePort();
    Process server = start(launcher("serve", "--listen=127.0.0.1:" + port, database));
    try {
      awaitRedirect(server, port);
      return (System.nanoTime() - start) / 1e6;
    } finally {
      server.destroy();
      server.waitFor();
    }
  }

  /** The resident memory of a server that has nothing to do. */
  static MeasuredRatio idleMemory() throws Exception {
    archive();
    int port = freePort();
    Process server = start(launcher("serve", "--listen=127.0.0.1:" + port, sqlite()));
    try {
      awaitRedirect(server, port);
      Thread.sleep(TimeUnit.SECONDS.toMillis(IDLE_SECONDS));
      return new MeasuredRatio(
          residentMegabytes(server.pid()), MOST_MEGABYTES, "MB, goal at most; was 156");
    } finally {
      server.destroy();
      server.waitFor();
    }
  }

  private static double residentMegabytes(long pid) throws Exception {
    Path status = Path.of("/proc/%d/status".formatted(pid));
    if (!Files.exists(status)) {
      throw new Skipped("there is no /proc");
    }
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToDouble(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024.0)
        .findFirst()
        .orElseThrow();
  }

  private static void awaitRedirect(Process server, int port) {
    while (!isRedirecting(port)) {
      if (!server.isAlive()) {
        throw new IllegalStateException("the server ended with " + server.exitValue());
      }
      LockSupport.parkNanos(POLL_NANOS);
    }
  }

  private static boolean isRedirecting(int port) {
    try (Socket socket = new Socket("127.0.0.1", port)) {
      String request = "GET /shard HTTP/1.0\r\nREMOTE_USER: ada\r\n\r\n";
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      byte[] status = socket.getInputStream().readNBytes("HTTP/1.1 302".length());
      return new String(status, StandardCharsets.US_ASCII).endsWith(" 302");
    } catch (IOException notYet) {
      return false;
    }
  }

  private static void archive() throws Exception {
    if (!Files.exists(LAUNCHER)) {
      throw new Skipped("there is no " + LAUNCHER);
    }
    run(launcher("archive"));
  }

  private static String sqlite() throws IOException {
    Path folder = Files.createTempDirectory("sharder-bench");
    return "--database=jdbc:sqlite:" + folder.resolve("sharder.db");
  }

  private static List<String> launcher(String... arguments) {
    List<String> command = new ArrayList<>(List.of(LAUNCHER.toString()));
    command.addAll(List.of(arguments));
    return command;
  }

  private static List<String> emptyProgram() {
    return List.of(
        Path.of(JAVA_HOME, "bin", "java").toString(),
        "-cp",
        Path.of("target", "test-classes").toString(),
        EmptyProgram.class.getName());
  }

  private static double run(List<String> command) throws Exception {
    long start = System.nanoTime();
    int exitCode = start(command).waitFor();
    if (exitCode != 0) {
      throw new IllegalStateException(command + " ended with " + exitCode);
    }
    return (System.nanoTime() - start) / 1e6;
  }

  private static Process start(List<String> command) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD);
    builder.environment().put("JAVA_HOME", JAVA_HOME);
    return builder.start();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
