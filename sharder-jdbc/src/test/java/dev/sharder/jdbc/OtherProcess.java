package dev.sharder.jdbc;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A program of the tests that runs as a process of its own. Closing it kills it, and so does time,
 * because nothing else would end a wait for its next line.
 */
public final class OtherProcess implements AutoCloseable {

  private static final Duration MOST = Duration.ofSeconds(150);

  private final Process process;
  private final Path errors;
  private final BufferedReader output;

  private OtherProcess(Process process, Path errors) {
    this.process = process;
    this.errors = errors;
    this.output =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  /** Starts a class that has a main method; what it has to complain of goes into the folder. */
  static OtherProcess start(Class<?> program, Path folder, String... arguments) throws IOException {
    return start(MOST, program, folder, arguments);
  }

  /** Starts one that may run so long. */
  public static OtherProcess start(
      Duration most, Class<?> program, Path folder, String... arguments) throws IOException {
    Path errors = Files.createTempFile(folder, "errors", "");
    List<String> java =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx256m",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            program.getName());
    List<String> command = Stream.concat(java.stream(), Stream.of(arguments)).toList();
    Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
    CompletableFuture.delayedExecutor(most.toMillis(), TimeUnit.MILLISECONDS)
        .execute(process::destroyForcibly);
    return new OtherProcess(process, errors);
  }

  public void say(String line) throws IOException {
    process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
    process.getOutputStream().flush();
  }

  /** Returns the next line it prints; fails if there is none. */
  public String hear() throws IOException {
    String line = output.readLine();
    if (line == null) {
      throw new UncheckedIOException(new IOException("the process ended: " + complaints()));
    }
    return line;
  }

  public String complaints() throws IOException {
    return Files.readString(errors);
  }

  /** As {@code kill -STOP}: it does nothing more, and keeps every lock it has. */
  public void stop() throws IOException, InterruptedException {
    signal("-STOP");
  }

  /** As {@code kill -CONT}. */
  public void goOn() throws IOException, InterruptedException {
    signal("-CONT");
  }

  private void signal(String signal) throws IOException, InterruptedException {
    new ProcessBuilder("kill", signal, String.valueOf(process.pid())).start().waitFor();
  }

  public int awaitEnd() throws InterruptedException {
    return process.waitFor();
  }

  /** As {@code kill -9}. */
  public void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
