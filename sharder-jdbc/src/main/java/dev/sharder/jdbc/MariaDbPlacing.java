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
import org.jspecify.annotations.Nullable;

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

  private final Map<String, OpenBins> openBins = new ConcurrentHashMap<>();

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
    OpenBins remembered = openBins.remove(kind);
    Round round = new Round(connection, isCluster, kind, objects, deadline, remembered);
    boolean isDone = false;
    try {
      List<Placement> placements = round.place();
      isDone = true;
      return placements;
    } finally {
      keep(kind, isDone ? round.open : round.open.forgotten());
    }
  }

  private void keep(String kind, OpenBins open) {
    if (openBins.size() >= MAX_KINDS) {
      openBins.clear();
    }
    openBins.put(kind, open);
  }

  /** One transaction for some objects, and its tries before. */
  private static final class Round {

    private final Connection connection;
    private final boolean isCluster;
    private final String kind;
    private final List<String> objects;
    private final Deadline deadline;
    private final int turns = ThreadLocalRandom.current().nextInt(MAX_TURNS) + 1;
    private OpenBins open;

    Round(
        Connection connection,
        boolean isCluster,
        String kind,
        List<String> objects,
        Deadline deadline,
        @Nullable OpenBins remembered) {
      this.connection = connection;
      this.isCluster = isCluster;
      this.kind = kind;
      this.objects = objects;
      this.deadline = deadline;
      this.open = remembered == null ? OpenBins.unread() : remembered;
    }

    List<Placement> place() throws SQLException {
      Duration half = deadline.remaining().dividedBy(2);
      Optional<List<String>> bins = open.take(objects.size());
      for (int tries = 1; bins.isPresent(); tries++) {
        // The other half is for the choice by the server.
        boolean isLast = tries == MAX_TRIES || deadline.remaining().compareTo(half) < 0;
        OpenBins now = isLast ? open.pause() : open.anew(objects.size());
        Optional<Instant> placedAt = placeIntoChosen(bins.get(), now);
        if (placedAt.isPresent()) {
          open.raise(turns);
          return placements(bins.get(), placedAt.get());
        }
        open = now;
        bins = open.take(objects.size());
      }
      return placeIntoEmptiest(open.next(objects.size()));
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
      List<Object> values = new ArrayList<>(List.of(kind, limit, turns, open.turn()));
      values.add(open.server());
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
          List.of(kind, LabelsJson.write(objects), objects.size(), now.limit(), turns),
          row -> {
            switch (row.getMetaData().getColumnLabel(1)) {
              case "kind" -> placements.add(known(row));
              case "object" -> placements.add(placed(row));
              default -> read(row, now);
            }
          });
      open = now;
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
      return new Placement(RowMappers.assignment(row, assignedAt(row)), false);
    }

    private Placement placed(ResultSet row) throws SQLException {
      return new Placement(
          new Assignment(kind, row.getString("object"), row.getString("bin"), 1, assignedAt(row)),
          true);
    }
  }

  static Instant assignedAt(ResultSet row) throws SQLException {
    return MariaDbBlock.instant(row, row.findColumn("assigned_at"));
  }
}
