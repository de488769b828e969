package dev.sharder.examples.hub.proxy.chp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sharder.InvalidValueException;
import dev.sharder.examples.hub.files.FileDraft;
import dev.sharder.examples.hub.files.FileFailure;
import dev.sharder.examples.hub.server.StartException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file that keeps the routes over a restart. It is replaced as a whole after changes; changes
 * that come together are written at once.
 */
final class RoutesFile implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(RoutesFile.class);

  private static final long CLOSE_SECONDS = 10;

  private static final String DRAFT = ".routes";
  private static final String DRAFT_END = ".draft";

  /** A proxy with another file in the same folder may be writing a younger draft. */
  private static final Duration LEFT = Duration.ofDays(1);

  private final Path file;
  private final RouteTable routes;
  private final AtomicBoolean isDue = new AtomicBoolean();
  private final ExecutorService writer =
      Executors.newSingleThreadExecutor(task -> new Thread(task, "routes file"));

  private RoutesFile(Path file, RouteTable routes) {
    this.file = file;
    this.routes = routes;
  }

  /**
   * Reads the routes, and keeps them in the file from now on.
   *
   * @throws StartException if the file cannot be read or written, or holds anything else
   */
  static RoutesFile keeping(RouteTable routes, Path file) {
    RoutesFile kept = new RoutesFile(file, routes);
    try {
      if (Files.exists(file)) {
        kept.read();
      }
      kept.write();
      kept.deleteLeft();
    } catch (IOException failure) {
      throw kept.failed(
          "routes cannot be kept in '%s': %s; name a file in a writable folder"
              .formatted(file, FileFailure.reason(failure)),
          failure);
    } catch (InvalidValueException failure) {
      throw kept.failed(
          "routes cannot be read from '%s': %s; name another file, or remove this one"
              .formatted(file, failure.getMessage()),
          failure);
    }
    routes.onChange(kept::writeSoon);
    return kept;
  }

  private StartException failed(String message, Exception failure) {
    writer.shutdown();
    return new StartException(message, failure);
  }

  /** Deletes the drafts of a proxy that was killed. */
  private void deleteLeft() {
    Path folder = Objects.requireNonNull(file.toAbsolutePath().getParent());
    FileDraft.deleteLeft(folder, DRAFT, DRAFT_END, LEFT);
  }

  private void read() throws IOException {
    ObjectNode all =
        RouteJson.object(Files.readAllBytes(file))
            .orElseThrow(() -> new InvalidValueException("it is not a JSON object in UTF-8"));
    for (Map.Entry<String, JsonNode> one : all.properties()) {
      if (!(one.getValue() instanceof ObjectNode route)) {
        throw new InvalidValueException(
            "'%s' has no JSON object with a target".formatted(one.getKey()));
      }
      routes.put(
          RoutePath.of(one.getKey()),
          route,
          Timestamp.parse(route.path(ProxyRoute.LAST_ACTIVITY).asText("1970-01-01")));
    }
    log.info("routes read from {}: {}", file, all.size());
  }

  private void writeSoon() {
    if (isDue.compareAndSet(false, true)) {
      writer.execute(this::writeDue);
    }
  }

  private void writeDue() {
    isDue.set(false);
    try {
      write();
    } catch (IOException failure) {
      log.error(
          "routes are not kept in '{}', and are lost at a restart: {}; check the folder's free space and permissions",
          file,
          FileFailure.reason(failure));
    }
  }

  private void write() throws IOException {
    try (FileDraft draft = FileDraft.of(file, DRAFT, DRAFT_END)) {
      Files.write(draft.path(), RouteJson.of(routes.all()));
      draft.replace();
    }
  }

  /** Writes the routes with the activity up to now. */
  @Override
  public void close() {
    writer.execute(this::writeDue);
    writer.shutdown();
    try {
      if (!writer.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        log.error("routes were not kept in '{}' within {} s", file, CLOSE_SECONDS);
      }
    } catch (InterruptedException interruption) {
      Thread.currentThread().interrupt();
    }
  }
}
