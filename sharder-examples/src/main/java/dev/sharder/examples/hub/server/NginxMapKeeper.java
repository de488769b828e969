package dev.sharder.examples.hub.server;

import dev.sharder.Sharder;
import dev.sharder.examples.hub.http.RepeatedTask;
import dev.sharder.examples.hub.nginx.NginxHubsFile;
import dev.sharder.examples.hub.nginx.NginxMap;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps the file with the hubs for nginx in step with the database. */
final class NginxMapKeeper implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(NginxMapKeeper.class);

  private static final Duration INTERVAL = Duration.ofSeconds(1);

  private final Path file;
  private final NginxMap map;
  private final Sharder sharder;
  private final RepeatedTask writing =
      new RepeatedTask(
          "sharder-nginx-map",
          this::write,
          failure ->
              log.warn("the list of hubs for nginx is not updated: {}", failure.getMessage()));

  /** On another thread than the list is written on: a name server may be silent. */
  private final RepeatedTask lookingUp =
      new RepeatedTask(
          "sharder-nginx-names",
          this::warnOfUnresolved,
          failure -> log.warn("the names of hubs are not looked up: {}", failure.getMessage()));

  /** What was written last: set by the thread that writes, and read by both. */
  private volatile NginxMap.Text last = new NginxMap.Text("", List.of(), Map.of());

  /**
   * Writes the file, and then again whenever the hubs change.
   *
   * @throws java.io.UncheckedIOException if it cannot be written now
   */
  NginxMapKeeper(Path file, NginxMap map, Sharder sharder) {
    this.file = file;
    this.map = map;
    this.sharder = sharder;
    try {
      write();
    } catch (RuntimeException failure) {
      close();
      throw failure;
    }
    writing.every(INTERVAL);
  }

  private void write() {
    NginxMap.Text made = map.text(sharder.bins());
    NginxHubsFile.write(file, made.text());
    NginxMap.Text before = last;
    last = made;
    if (!made.leftOut().equals(before.leftOut())) {
      made.leftOut().forEach(problem -> log.error("skipped for nginx: {}", problem));
    }
    if (!made.named().equals(before.named())) {
      lookingUp.soon();
    }
  }

  private void warnOfUnresolved() {
    last.unresolved().forEach(problem -> log.warn("{}", problem));
  }

  @Override
  public void close() {
    writing.close();
    lookingUp.close();
  }
}
