package dev.sharder.jdbc;

import dev.sharder.Assignment;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinState;
import dev.sharder.Placement;
import dev.sharder.store.Deadline;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;

/**
 * Places objects into the emptiest bins on MariaDB. A round that reads the bins keeps them, and the
 * next rounds choose among these for as long as no one else has raised the turn of the kind. A
 * round that comes too late gets the bins as they are now, and tries again; in the end, the server
 * chooses under the lock. Thread-safe.
 */
final class MariaDbPlacing {

  /** Beyond it, the bins of all kinds are forgotten, because they need memory. */
  private static final int MAX_KINDS = 1_000;

  /**
   * The most that a round raises the turn by. By how much is random, so that a history that begins
   * again, such as from a backup, does not come to a turn that was seen before.
   */
  private static final int MAX_TURNS = 65_536;

  /** How often a round may come too late, before the server chooses for it. */
  private static final int MAX_TRIES = 4;

  private static final int DUPLICATE_KEY = 1062;

  private final Map<String, Memory> kinds = new ConcurrentHashMap<>();

  /**
   * Places in one transaction, as {@link Dialect#placeIntoEmptiest} says.
   *
   * @param isCluster whether the server is a node of a cluster, all of which know the same turn
   */
  List<Placement> place(
      Connection connection,
      boolean isCluster,
      String kind,
      List<String> objects,
      Deadline deadline)
      throws SQLException {
    // Taken, so that no other round takes them too.
    Memory remembered = kinds.remove(kind);
    Memory memory = remembered == null ? new Memory() : remembered;
    Round round = new Round(connection, isCluster, kind, objects, deadline, memory);
    boolean isDone = false;
    try {
      List<Placement> placements = round.place();
      isDone = true;
      return placements;
    } finally {
      if (!isDone) {
        memory.open = OpenBins.none();
      }
      keep(kind, memory);
    }
  }

  private void keep(String kind, Memory memory) {
    if (kinds.size() >= MAX_KINDS) {
      kinds.clear();
    }
    kinds.put(kind, memory);
  }

  /** What is remembered of a kind: its bins, and the pauses in which none are read. */
  private static final class Memory {
    private OpenBins open = OpenBins.none();

    /** Pauses the reading of bins while other processes always place first. */
    private final ExponentialBackoff reading = new ExponentialBackoff();
  }

  /** One transaction for some objects, and its tries before. */
  private static final class Round {

    private final Connection connection;
    private final boolean isCluster;
    private final String kind;
    private final List<String> objects;
    private final Deadline deadline;
    private final int turns = ThreadLocalRandom.current().nextInt(MAX_TURNS) + 1;
    private final Memory memory;

    Round(
        Connection connection,
        boolean isCluster,
        String kind,
        List<String> objects,
        Deadline deadline,
        Memory memory) {
      this.connection = connection;
      this.isCluster = isCluster;
      this.kind = kind;
      this.objects = objects;
      this.deadline = deadline;
      this.memory = memory;
    }

    List<Placement> place() throws SQLException {
      Duration half = deadline.remaining().dividedBy(2);
      Optional<List<String>> bins = memory.open.take(objects.size());
      for (int tries = 1; bins.isPresent(); tries++) {
        // The other half is for the choice by the server.
        boolean isLast = tries == MAX_TRIES || deadline.remaining().compareTo(half) < 0;
        OpenBins now = isLast ? OpenBins.none() : OpenBins.toRead(4 * objects.size());
        Optional<Instant> placedAt = placeIntoChosen(bins.get(), now);
        if (placedAt.isPresent()) {
          memory.open.raise(turns);
          memory.reading.reset();
          return placements(bins.get(), placedAt.get());
        }
        if (isLast) {
          memory.reading.pause();
        }
        memory.open = now;
        bins = now.take(objects.size());
      }
      return placeIntoEmptiest(
          memory.reading.skipsRound()
              ? OpenBins.none()
              : OpenBins.toRead(2 * memory.open.read() + objects.size()));
    }

    private List<Placement> placements(List<String> bins, Instant placedAt) {
      return IntStream.range(0, objects.size())
          .mapToObj(i -> new Assignment(kind, objects.get(i), bins.get(i), 1, placedAt))
          .map(assignment -> new Placement(assignment, true))
          .toList();
    }

    /** Returns when it placed them; empty if it was too late, or an object is known. */
    private Optional<Instant> placeIntoChosen(List<String> bins, OpenBins now) throws SQLException {
      Map<String, Integer> taken = new LinkedHashMap<>();
      bins.forEach(bin -> taken.merge(bin, 1, Integer::sum));
      String block =
          MariaDbStatements.PLACE_INTO_CHOSEN.formatted(
              MariaDbBlock.list("(this_kind, ?, ?, placed_at)", objects.size()),
              MariaDbBlock.list("(this_kind, ?, ?)", taken.size()));
      List<Instant> placedAt = new ArrayList<>();
      try {
        run(
            block,
            values(bins, taken, now.limit()),
            row -> {
              if (row.getMetaData().getColumnLabel(1).equals("bin")) {
                read(row, now);
              } else {
                placedAt.add(MariaDbBlock.instant(row, 1));
              }
            });
      } catch (SQLException failure) {
        if (failure.getErrorCode() != DUPLICATE_KEY) {
          throw failure;
        }
      }
      return placedAt.stream().findFirst();
    }

    private List<Object> values(List<String> bins, Map<String, Integer> taken, int limit) {
      List<Object> values = new ArrayList<>(List.of(kind, limit, turns, memory.open.turn()));
      values.add(memory.open.server());
      for (int i = 0; i < objects.size(); i++) {
        values.add(objects.get(i));
        values.add(bins.get(i));
      }
      taken.forEach((bin, count) -> values.addAll(List.of(bin, count)));
      return values;
    }

    private List<Placement> placeIntoEmptiest(OpenBins now) throws SQLException {
      List<Placement> placements = new ArrayList<>(objects.size());
      run(
          MariaDbStatements.PLACE_INTO_EMPTIEST,
          List.of(kind, Json.write(objects), objects.size(), now.limit(), turns),
          row -> {
            switch (row.getMetaData().getColumnLabel(1)) {
              case "kind" -> placements.add(known(row));
              case "object" -> placements.add(placed(row));
              default -> read(row, now);
            }
          });
      memory.open = now;
      return placements;
    }

    private void run(String block, List<?> values, Dialect.Row each) throws SQLException {
      MariaDbBlock.run(connection, isCluster, block, values, deadline, each);
    }

    private void read(ResultSet row, OpenBins now) throws SQLException {
      Bin bin =
          new Bin(
              row.getString("bin"),
              row.getInt("weight"),
              row.getLong("offset_load"),
              RowMappers.capacity(row),
              BinState.OPEN,
              Map.of());
      now.add(
          new BinLoad(bin, row.getLong("assigned")),
          row.getLong("turn"),
          isCluster ? null : row.getString("server"));
    }

    private static Placement known(ResultSet row) throws SQLException {
      return new Placement(RowMappers.assignment(row, MariaDbBlock.assignedAt(row)), false);
    }

    private Placement placed(ResultSet row) throws SQLException {
      return new Placement(
          new Assignment(
              kind, row.getString("object"), row.getString("bin"), 1, MariaDbBlock.assignedAt(row)),
          true);
    }
  }
}
