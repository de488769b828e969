package dev.sharder.examples.hub.proxy.chp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sharder.InvalidValueException;
import dev.sharder.examples.hub.server.PrivateFile;
import dev.sharder.examples.hub.server.StartException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file that keeps the routes over a restart. It is replaced as a whole after changes; of many
 * changes at a time, one writing keeps all.
 */
final class RoutesFile implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(RoutesFile.class);

  private static final long CLOSE_SECONDS = 10;

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
    } catch (IOException | InvalidValueException failure) {
      kept.writer.shutdown();
      throw new StartException(
          "routes cannot be kept in '%s': %s; name a file in a writable folder, or remove this one"
              .formatted(file, failure),
          failure);
    }
    routes.onChange(kept::writeSoon);
    return kept;
  }

  private void read() throws IOException {
    ObjectNode all = RouteJson.object(Files.readAllBytes(file));
    for (Map.Entry<String, JsonNode> one : all.properties()) {
      if (!(one.getValue() instanceof ObjectNode route)) {
        throw new InvalidValueException("'%s' is no route".formatted(one.getKey()));
      }
      routes.put(
          one.getKey(),
          route,
          Timestamp.parse(route.path(ProxyRoute.LAST_ACTIVITY).asText("1970-01-01")));
    }
    log.info("{} routes read from {}", all.size(), file);
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
      log.error("routes were not kept in '{}', they are lost at a restart: {}", file, failure);
    }
  }

  private void write() throws IOException {
    Path draft = file.resolveSibling(file.getFileName() + ".new");
    try (PrintWriter text = PrivateFile.writer(draft)) {
      text.println(new String(RouteJson.of(routes.all()), StandardCharsets.UTF_8));
      if (text.checkError()) {
        throw new IOException("the disk is full, or fails");
      }
    }
    try (FileChannel written = FileChannel.open(draft, StandardOpenOption.WRITE)) {
      // Before it takes the place of the last one, for a loss of power.
      written.force(true);
    }
    Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
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
