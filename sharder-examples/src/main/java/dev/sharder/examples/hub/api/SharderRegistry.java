package dev.sharder.examples.hub.api;

import dev.sharder.BinPolicy;
import dev.sharder.Sharder;
import dev.sharder.SharderBuilder;
import dev.sharder.SharderListener;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.examples.hub.http.ProblemException;
import dev.sharder.store.AssignmentStore;
import dev.sharder.store.Deadline;
import io.undertow.util.StatusCodes;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * The sharders and the admins of every kind that has bins; closing it ends the sharders it made.
 */
public final class SharderRegistry implements AutoCloseable {

  private static final Duration TIME_LIMIT = Duration.ofSeconds(10);

  /** Plans and batches of moves read and write more. */
  private static final Duration ADMIN_TIME_LIMIT = Duration.ofSeconds(30);

  /**
   * The kind of those whom nginx names.
   *
   * @param sharder their sharder; whoever made it closes it
   * @param checkBin refuses a name that a bin of theirs must not have, by an {@link
   *     dev.sharder.InvalidValueException}
   * @param areLowercase whether nginx's names for them are lowercased
   */
  public record UserKind(Sharder sharder, Consumer<String> checkBin, boolean areLowercase) {

    String kind() {
      return sharder.kind();
    }
  }

  private final AssignmentStore store;
  private final BinPolicy policy;
  private final UserKind users;

  /** Only of kinds that have bins, and bins are for ever: so there is an end to them. */
  private final Map<String, Sharder> sharders = new ConcurrentHashMap<>();

  private final List<SharderListener> listeners;
  private final Set<String> withBins = ConcurrentHashMap.newKeySet();

  /**
   * Serves the kinds of a store.
   *
   * @param store where assignments are kept
   * @param policy how new objects are placed
   * @param users the kind that there is already
   * @param listeners hear what the sharders do that it makes
   */
  public SharderRegistry(
      AssignmentStore store, BinPolicy policy, UserKind users, List<SharderListener> listeners) {
    this.store = store;
    this.policy = policy;
    this.users = users;
    this.listeners = List.copyOf(listeners);
  }

  /** Refuses a bin of a name that would be of no use to its kind. */
  void checkNewBin(String kind, String name) {
    if (kind.equals(users.kind())) {
      users.checkBin().accept(name);
    }
  }

  List<String> names() {
    return store.kinds(deadline());
  }

  /** Returns the kinds whose objects are lowercased where nginx names them. */
  List<String> lowercase() {
    return users.areLowercase() ? List.of(users.kind()) : List.of();
  }

  /** Returns the sharder of a kind that has bins. */
  Sharder sharder(String kind) {
    if (kind.equals(users.kind())) {
      return users.sharder();
    }
    Sharder known = sharders.get(kind);
    if (known != null) {
      return known;
    }
    // Without memory it has no thread and no connection of its own, however many kinds there are.
    SharderBuilder builder =
        Sharder.builder(kind, store).policy(policy).timeLimit(TIME_LIMIT).cache(0);
    listeners.forEach(builder::listener);
    checkBins(kind);
    return sharders.computeIfAbsent(kind, name -> builder.build());
  }

  /** Returns the admin of a kind that has bins. */
  ShardAdmin admin(String kind) {
    ShardAdmin admin = newAdmin(kind);
    checkBins(kind);
    return admin;
  }

  /** Returns the admin of a kind that may yet be without bins. */
  ShardAdmin newAdmin(String kind) {
    return ShardAdmin.builder(kind, store).policy(policy).timeLimit(ADMIN_TIME_LIMIT).build();
  }

  private void checkBins(String kind) {
    if (withBins.contains(kind)) {
      return;
    }
    if (store.bins(kind, deadline()).isEmpty()) {
      throw new ProblemException(
          StatusCodes.NOT_FOUND,
          "kind '%s' has no bins; see how it is written (names are exact), or add its first bin"
              .formatted(kind));
    }
    withBins.add(kind);
  }

  AssignmentStore store() {
    return store;
  }

  static Deadline deadline() {
    return Deadline.in(TIME_LIMIT);
  }

  @Override
  public void close() {
    sharders.values().forEach(Sharder::close);
    sharders.clear();
  }
}
