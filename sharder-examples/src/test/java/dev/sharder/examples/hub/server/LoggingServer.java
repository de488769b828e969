package dev.sharder.examples.hub.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** A server on a SQLite file, and what it logs meanwhile. */
abstract class LoggingServer {

  @TempDir Path folder;

  final ListAppender<ILoggingEvent> log = new ListAppender<>();
  private final Logger logger = (Logger) LoggerFactory.getLogger("dev.sharder");

  @BeforeEach
  void listen() {
    log.start();
    logger.addAppender(log);
    logger.setLevel(Level.INFO);
    logger.setAdditive(false);
  }

  @AfterEach
  void stopListening() {
    logger.detachAppender(log);
    logger.setAdditive(true);
    logger.setLevel(null);
  }

  /** What is on record, by user, read past the library. */
  static Map<String, String> rows(String database) {
    try (HikariDataSource pool = new HikariDataSource()) {
      pool.setJdbcUrl(database);
      Map<String, String> rows = new TreeMap<>();
      Jdbi.create(pool)
          .useHandle(
              handle ->
                  handle
                      .createQuery("SELECT object, bin FROM sharder_assignment WHERE kind = 'hub'")
                      .map((row, context) -> List.of(row.getString(1), row.getString(2)))
                      .forEach(row -> rows.put(row.get(0), row.get(1))));
      return rows;
    }
  }

  String sqlite() {
    return "jdbc:sqlite:" + folder.resolve("sharder.db");
  }

  Path config(String yaml) throws IOException {
    return Files.writeString(folder.resolve("sharder.yml"), yaml);
  }
}
