package dev.sharder.jdbc;

import dev.sharder.Assignment;
import dev.sharder.Placement;
import dev.sharder.store.Deadline;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Places objects into the emptiest bins on MariaDB. A round that reads the bins also lists those of
 * the next objects, and rounds take from that list for as long as no one else has had the lock of
 * the kind, which raises its turn. Thread-safe.
 */
final class MariaDbPlacing {

  /** The length of the longest list. */
  private static final int MAX_LISTED = 2_048;

  /** Beyond it, lists are forgotten, because they need memory. */
  private static final int MAX_KINDS = 1_000;

  /**
   * The most that a round raises the turn by. By how much is random, so that a history that begins
   * again, such as from a backup, does not come to a turn that was seen before.
   */
  private static final int MAX_TURNS = 65_536;

  private static final int DUPLICATE_KEY = 1062;

  private final Map<String, NextBins> nextBins = new ConcurrentHashMap<>();

  /**
   * The bins of the next objects.
   *
   * @param turn the turn of the kind for which they are right
   * @param server the server with that turn; null for any
   * @param bins the bins, in this order
   * @param listed how many there were at first
   * @param isShared whether others were seen to have the lock in turns with this store
   */
  private record NextBins(
      long turn, @Nullable String server, List<String> bins, int listed, boolean isShared) {

    NextBins without(int given, int turns) {
      return new NextBins(turn + turns, server, bins.subList(given, bins.size()), listed, isShared);
    }

    /** Returns how many to list: the more, the more were used up, and none if others place too. */
    int more(int objects) {
      return isShared ? 0 : Math.min(2 * listed + objects, MAX_LISTED);
    }
  }

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
    NextBins next = nextBins.remove(kind);
    if (next != null && next.bins().size() >= objects.size()) {
      try {
        Optional<Instant> placedAt =
            placeIntoListed(connection, isCluster, kind, objects, next, turns, deadline);
        if (placedAt.isPresent()) {
          keep(kind, next.without(objects.size(), turns));
          return placements(kind, objects, next.bins(), placedAt.get());
        }
        next = new NextBins(next.turn(), next.server(), List.of(), 0, true);
      } catch (SQLException failure) {
        if (failure.getErrorCode() != DUPLICATE_KEY) {
          throw failure;
        }
        // Some object is known, so nothing was placed.
      }
    }
    return placeIntoEmptiest(connection, isCluster, kind, objects, next, turns, deadline);
  }

  private void keep(String kind, NextBins next) {
    if (nextBins.size() >= MAX_KINDS) {
      nextBins.clear();
    }
    nextBins.put(kind, next);
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

  /** Returns when it placed them; empty if the list is no longer right. */
  private static Optional<Instant> placeIntoListed(
      Connection connection,
      boolean isCluster,
      String kind,
      List<String> objects,
      NextBins next,
      int turns,
      Deadline deadline)
      throws SQLException {
    Map<String, Integer> taken = new LinkedHashMap<>();
    List<Object> values = new ArrayList<>(List.of(kind, turns, next.turn()));
    values.add(next.server());
    for (int i = 0; i < objects.size(); i++) {
      values.add(objects.get(i));
      values.add(next.bins().get(i));
      taken.merge(next.bins().get(i), 1, Integer::sum);
    }
    taken.forEach((bin, count) -> values.addAll(List.of(bin, count)));
    String block =
        MariaDbStatements.PLACE_INTO_LISTED.formatted(
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
      @Nullable NextBins before,
      int turns,
      Deadline deadline)
      throws SQLException {
    int more = before == null ? Math.min(objects.size(), MAX_LISTED) : before.more(objects.size());
    List<Placement> placements = new ArrayList<>(objects.size());
    MariaDbBlock.run(
        connection,
        isCluster,
        MariaDbStatements.PLACE_INTO_EMPTIEST,
        List.of(kind, LabelsJson.write(objects), objects.size(), more, turns),
        deadline,
        row -> {
          switch (row.getMetaData().getColumnLabel(1)) {
            case "kind" -> placements.add(known(row));
            case "object" -> placements.add(placed(kind, row));
            default -> keep(kind, listed(row, isCluster, before, turns));
          }
        });
    return placements;
  }

  private static NextBins listed(
      ResultSet row, boolean isCluster, @Nullable NextBins before, int turns) throws SQLException {
    String bins = row.getString("next_bins");
    Map<String, String> names = new HashMap<>();
    // Each name is kept once.
    List<String> list =
        bins == null
            ? List.of()
            : bins.lines().map(name -> names.computeIfAbsent(name, same -> same)).toList();
    long turn = row.getLong("turn");
    return new NextBins(
        turn,
        isCluster ? null : row.getString("server"),
        list,
        list.size(),
        before != null && turn != before.turn() + turns);
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
