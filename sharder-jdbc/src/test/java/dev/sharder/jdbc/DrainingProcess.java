package dev.sharder.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.admin.Move;
import dev.sharder.admin.Note;
import dev.sharder.admin.PlanOptions;
import dev.sharder.admin.ShardAdmin;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A process that empties the bin {@code old}. Prints {@code moved} for each committed batch, waits
 * for a line before the last tenth, so that it cannot finish before it is killed, and finally
 * prints the result.
 */
final class DrainingProcess {

  static final int OBJECTS = 10_000;
  static final int WAITS_BEFORE = OBJECTS / 10 * 9;

  /** The argument that plans moves instead of reading them from a file. */
  static final String PLAN = "plan";

  private DrainingProcess() {}

  /** Arguments: JDBC URL, actor, and a file with moves or {@link #PLAN}. */
  public static void main(String[] args) throws Exception {
    try (HikariDataSource pool = new HikariDataSource()) {
      pool.setJdbcUrl(args[0]);
      try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool)) {
        ShardAdmin admin = ShardAdmin.builder("hub", store).build();
        Iterator<Move> moves = args[2].equals(PLAN) ? plan(admin) : read(Path.of(args[2]));
        System.out.println(
            admin.apply(
                waiting(moves),
                new Note(args[1], "drain"),
                done -> System.out.println("moved " + done.moved().size())));
      }
    }
  }

  static Iterator<Move> plan(ShardAdmin admin) {
    return admin.moves(admin.planDrain("old", PlanOptions.ALL));
  }

  static void write(Iterator<Move> moves, Path file) throws IOException {
    List<String> lines = new ArrayList<>();
    moves.forEachRemaining(
        move ->
            lines.add(
                "%s %s %s %d"
                    .formatted(
                        move.object(),
                        move.from().orElseThrow(),
                        move.to(),
                        move.version().orElseThrow())));
    Files.write(file, lines);
  }

  private static Iterator<Move> read(Path file) throws IOException {
    return Files.readAllLines(file).stream()
        .map(line -> line.split(" "))
        .map(
            words ->
                new Move(
                    words[0],
                    Optional.of(words[1]),
                    words[2],
                    OptionalLong.of(Long.parseLong(words[3]))))
        .iterator();
  }

  private static Iterator<Move> waiting(Iterator<Move> moves) {
    return new Iterator<>() {
      private int count;

      @Override
      public boolean hasNext() {
        return moves.hasNext();
      }

      @Override
      public Move next() {
        if (count++ == WAITS_BEFORE) {
          waitForALine();
        }
        return moves.next();
      }
    };
  }

  private static void waitForALine() {
    try {
      new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }
}
