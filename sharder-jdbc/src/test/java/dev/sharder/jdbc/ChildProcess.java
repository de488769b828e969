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
 * A child process of a test. It is killed when closed, and after a maximum run time, because
 * nothing else would end a wait for its next line.
 */
public final class ChildProcess implements AutoCloseable {

  private static final Duration MAX_RUN_TIME = Duration.ofSeconds(150);

  /** Java with the options that suit a short run. */
  static final List<String> JAVA =
      List.of(
          Path.of(System.getProperty("java.home"), "bin", "java").toString(),
          "-Xmx256m",
          "-Xmn8m",
          "-XX:TieredStopAtLevel=1",
          "-XX:CompileThresholdScaling=3",
          "-XX:+UseSerialGC");

  private final Process process;
  private final Path errors;
  private final BufferedReader output;

  private ChildProcess(Process process, Path errors) {
    this.process = process;
    this.errors = errors;
    this.output =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  /** Starts the main method of a class, with the error output in the folder. */
  static ChildProcess start(Class<?> program, Path folder, String... arguments) throws IOException {
    return start(MAX_RUN_TIME, program, folder, arguments);
  }

  /** Starts the main method of a class, which may run for the given time. */
  public static ChildProcess start(
      Duration maxRunTime, Class<?> program, Path folder, String... arguments) throws IOException {
    Path errors = Files.createTempFile(folder, "errors", "");
    List<String> command =
        Stream.of(JAVA, ChildClassPath.options(), List.of(program.getName()), List.of(arguments))
            .flatMap(List::stream)
            .toList();
    Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
    CompletableFuture.delayedExecutor(maxRunTime.toMillis(), TimeUnit.MILLISECONDS)
        .execute(process::destroyForcibly);
    return new ChildProcess(process, errors);
  }

  public void send(String line) throws IOException {
    process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
    process.getOutputStream().flush();
  }

  /** Returns the next line that it prints; throws if there is none. */
  public String readLine() throws IOException {
    String line = output.readLine();
    if (line == null) {
      throw new UncheckedIOException(new IOException("the process ended: " + errorOutput()));
    }
    return line;
  }

  public String errorOutput() throws IOException {
    return Files.readString(errors);
  }

  /** Suspends the process with {@code kill -STOP}. It keeps its locks. */
  public void suspend() throws IOException, InterruptedException {
    signal("-STOP");
  }

  /** Resumes the process with {@code kill -CONT}. */
  public void resume() throws IOException, InterruptedException {
    signal("-CONT");
  }

  private void signal(String signal) throws IOException, InterruptedException {
    new ProcessBuilder("kill", signal, String.valueOf(process.pid())).start().waitFor();
  }

  public int awaitEnd() throws InterruptedException {
    return process.waitFor();
  }

  /** Kills the process with {@code kill -9}, and waits for its end. */
  public void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
