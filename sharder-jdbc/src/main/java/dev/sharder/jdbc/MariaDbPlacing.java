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
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Places objects into the emptiest bins on MariaDB. A round that reads the bins keeps them, and the
 * next rounds choose among these for as long as no one else has had the lock of the kind, which
 * raises its turn. Thread-safe.
 */
final class MariaDbPlacing {

  /** Beyond it, the bins of all kinds are forgotten, because they need memory. */
  private static final int MAX_KINDS = 1_000;

  /**
   * The most that a round raises the turn by. By how much is random, so that a history that begins
   * again, such as from a backup, does not come to a turn that was seen before.
   */
  private static final int MAX_TURNS = 65_536;

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
    int turns = ThreadLocalRandom.current().nextInt(MAX_TURNS) + 1;
    // Taken, so that a failure forgets them, and that no other round takes them too.
    OpenBins open = openBins.remove(kind);
    if (open != null) {
      Optional<List<Placement>> placed =
          placeIntoRemembered(connection, isCluster, kind, objects, open, turns, deadline);
      if (placed.isPresent()) {
        return placed.get();
      }
    }
    return placeIntoEmptiest(connection, isCluster, kind, objects, open, turns, deadline);
  }

  /** Returns empty if nothing was placed: other bins may be emptier, or some object is known. */
  private Optional<List<Placement>> placeIntoRemembered(
      Connection connection,
      boolean isCluster,
      String kind,
      List<String> objects,
      OpenBins open,
      int turns,
      Deadline deadline)
      throws SQLException {
    Optional<List<String>> bins = open.take(objects.size());
    if (bins.isEmpty()) {
      return Optional.empty();
    }
    Optional<Instant> placedAt;
    try {
      placedAt =
          placeIntoChosen(connection, isCluster, kind, objects, bins.get(), open, turns, deadline);
    } catch (SQLException failure) {
      if (failure.getErrorCode() == DUPLICATE_KEY) {
        return Optional.empty();
      }
      throw failure;
    }
    if (placedAt.isEmpty()) {
      open.share();
      return Optional.empty();
    }
    open.raise(turns);
    keep(kind, open);
    return Optional.of(placements(kind, objects, bins.get(), placedAt.get()));
  }

  private void keep(String kind, OpenBins open) {
    if (openBins.size() >= MAX_KINDS) {
      openBins.clear();
    }
    openBins.put(kind, open);
  }

  private static List<Placement> placements(
      String kind, List<String> objects, List<String> bins, Instant placedAt) {
    List<Placement> placements = new ArrayList<>(objects.size());
    for (int i = 0; i < objects.size(); i++) {
      placements.add(
          new Placement(new Assignment(kind, objects.get(i), bins.get(i), 1, placedAt), true));
    }
    return placements;
  }

  /** Returns when it placed them; empty if the turn was not as expected. */
  private static Optional<Instant> placeIntoChosen(
      Connection connection,
      boolean isCluster,
      String kind,
      List<String> objects,
      List<String> bins,
      OpenBins open,
      int turns,
      Deadline deadline)
      throws SQLException {
    Map<String, Integer> taken = new LinkedHashMap<>();
    List<Object> values = new ArrayList<>(List.of(kind, turns, open.turn()));
    values.add(open.server());
    for (int i = 0; i < objects.size(); i++) {
      values.add(objects.get(i));
      values.add(bins.get(i));
      taken.merge(bins.get(i), 1, Integer::sum);
    }
    taken.forEach((bin, count) -> values.addAll(List.of(bin, count)));
    String block =
        MariaDbStatements.PLACE_INTO_CHOSEN.formatted(
            MariaDbBlock.list("(this_kind, ?, ?, placed_at)", objects.size()),
            MariaDbBlock.list("(this_kind, ?, ?)", taken.size()));
    List<Instant> placedAt = new ArrayList<>();
    MariaDbBlock.run(
        connection,
        isCluster,
        block,
        values,
        deadline,
        row -> placedAt.add(MariaDbBlock.instant(row, 1)));
    return placedAt.stream().findFirst();
  }

  private List<Placement> placeIntoEmptiest(
      Connection connection,
      boolean isCluster,
      String kind,
      List<String> objects,
      @Nullable OpenBins before,
      int turns,
      Deadline deadline)
      throws SQLException {
    int limit =
        before == null ? OpenBins.firstLimit(objects.size()) : before.nextLimit(objects.size());
    List<Placement> placements = new ArrayList<>(objects.size());
    List<BinLoad> bins = new ArrayList<>();
    MariaDbBlock.run(
        connection,
        isCluster,
        MariaDbStatements.PLACE_INTO_EMPTIEST,
        List.of(kind, LabelsJson.write(objects), objects.size(), limit, turns),
        deadline,
        row -> {
          switch (row.getMetaData().getColumnLabel(1)) {
            case "kind" -> placements.add(known(row));
            case "object" -> placements.add(placed(kind, row));
            case "bin" -> bins.add(open(row));
            default -> {
              long turn = row.getLong("turn");
              String server = isCluster ? null : row.getString("server");
              boolean isShared = before != null && turn != before.turn() + turns;
              keep(kind, new OpenBins(turn, server, bins, limit, isShared));
            }
          }
        });
    return placements;
  }

  private static BinLoad open(ResultSet row) throws SQLException {
    Bin bin =
        new Bin(
            row.getString("bin"),
            row.getInt("weight"),
            row.getLong("offset_load"),
            RowMappers.capacity(row),
            BinState.OPEN,
            Map.of());
    return new BinLoad(bin, row.getLong("assigned"));
  }

  private static Placement known(ResultSet row) throws SQLException {
    return new Placement(RowMappers.assignment(row, assignedAt(row)), false);
  }

  private static Placement placed(String kind, ResultSet row) throws SQLException {
    return new Placement(
        new Assignment(kind, row.getString("object"), row.getString("bin"), 1, assignedAt(row)),
        true);
  }

  static Instant assignedAt(ResultSet row) throws SQLException {
    return MariaDbBlock.instant(row, row.findColumn("assigned_at"));
  }
}
