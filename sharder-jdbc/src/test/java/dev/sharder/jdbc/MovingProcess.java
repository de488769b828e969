package dev.sharder.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.Sharder;
import dev.sharder.admin.Move;
import dev.sharder.admin.MoveMode;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * A process whose threads each move an object back and forth, one transaction for each move. Opens
 * the database, prints {@code ready}, and moves until it reads a line. Fails at the first error.
 */
final class MovingProcess {

  static final int THREADS = 8;

  private static volatile boolean ended;

  private MovingProcess() {}

  /** Arguments: JDBC URL, a prefix of object names. */
  public static void main(String[] args) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try (HikariDataSource pool = new HikariDataSource()) {
      pool.setJdbcUrl(args[0]);
      try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool);
          Sharder hubs = Sharder.builder("hub", store).bins("a", "b").build()) {
        ShardAdmin admin = ShardAdmin.builder("hub", store).build();
        List<Future<Void>> moving = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
          String object = args[1] + "-" + i;
          hubs.assign(object);
          moving.add(threads.submit(() -> moveBackAndForth(admin, object)));
        }
        System.out.println("ready");
        System.in.read();
        ended = true;
        for (Future<Void> moved : moving) {
          moved.get();
        }
        System.out.println("done");
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private static Void moveBackAndForth(ShardAdmin admin, String object) {
    for (int i = 0; !ended; i++) {
      admin.move(
          Move.of(object, i % 2 == 0 ? "a" : "b"),
          MoveMode.CHECKED,
          new Note(object, "back and forth"));
    }
    return null;
  }
}
