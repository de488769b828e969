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
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;

/** The sharders and admins of all kinds that have bins; closing it closes the sharders it made. */
public final class SharderRegistry implements AutoCloseable {

  private static final Duration TIME_LIMIT = Duration.ofSeconds(10);

  /** Longer, because plans and batches of moves read and write more. */
  private static final Duration ADMIN_TIME_LIMIT = Duration.ofSeconds(30);

  /**
   * The kind of the users that nginx names.
   *
   * @param sharder their sharder; its creator closes it
   * @param checkBin throws {@link dev.sharder.InvalidValueException} for a name that their bins
   *     must not have
   * @param areLowercase whether their names from nginx are lowercased
   * @param isUp whether the hub of a bin is up; empty if that is not known
   */
  public record UserKind(
      Sharder sharder,
      Consumer<String> checkBin,
      boolean areLowercase,
      Function<String, Optional<Boolean>> isUp) {

    String kind() {
      return sharder.kind();
    }
  }

  private final AssignmentStore store;
  private final Function<String, BinPolicy> policies;
  private final UserKind users;

  /** Bounded, because only kinds with bins have a sharder. */
  private final Map<String, Sharder> sharders = new ConcurrentHashMap<>();

  private final List<SharderListener> listeners;
  private final Set<String> withBins = ConcurrentHashMap.newKeySet();

  /**
   * Serves the kinds of a store.
   *
   * @param store where assignments are kept
   * @param policies returns how new objects of a kind are placed
   * @param users the kind of the users, which has a sharder already
   * @param listeners the listeners of the sharders that it makes
   */
  public SharderRegistry(
      AssignmentStore store,
      Function<String, BinPolicy> policies,
      UserKind users,
      List<SharderListener> listeners) {
    this.store = store;
    this.policies = policies;
    this.users = users;
    this.listeners = List.copyOf(listeners);
  }

  /** Refuses a bin name that its kind cannot use. */
  void checkBin(String kind, String name) {
    if (kind.equals(users.kind())) {
      users.checkBin().accept(name);
    }
  }

  /** Returns whether a bin is up; empty if that is not known. */
  Optional<Boolean> isUp(String kind, String bin) {
    return kind.equals(users.kind()) ? users.isUp().apply(bin) : Optional.empty();
  }

  /** Returns whether these are the users that nginx names. */
  boolean areUsers(String kind) {
    return kind.equals(users.kind());
  }

  /** Returns the age of answers from memory; empty for kinds that are not kept in memory. */
  Optional<Duration> answerAge(String kind) {
    return areUsers(kind) ? Optional.of(users.sharder().answerAge()) : Optional.empty();
  }

  List<String> names() {
    return store.kinds(deadline());
  }

  /** Returns the kinds whose names are lowercased when they come from nginx. */
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
    // Without a cache, it needs no thread and no connection of its own.
    SharderBuilder builder =
        Sharder.builder(kind, store).policy(policies.apply(kind)).timeLimit(TIME_LIMIT).cache(0);
    listeners.forEach(builder::listener);
    checkBins(kind, deadline());
    return sharders.computeIfAbsent(kind, name -> builder.build());
  }

  /** Returns the admin of a kind that has bins. */
  ShardAdmin admin(String kind) {
    return admin(kind, ADMIN_TIME_LIMIT);
  }

  /** Returns the admin of a kind that has bins, with a time limit. */
  ShardAdmin admin(String kind, Duration timeLimit) {
    ShardAdmin admin = newAdmin(kind, timeLimit);
    checkBins(kind, Deadline.in(timeLimit));
    return admin;
  }

  /** Returns the admin of a kind that may not have bins yet. */
  ShardAdmin newAdmin(String kind) {
    return newAdmin(kind, ADMIN_TIME_LIMIT);
  }

  private ShardAdmin newAdmin(String kind, Duration timeLimit) {
    return ShardAdmin.builder(kind, store)
        .policy(policies.apply(kind))
        .timeLimit(timeLimit)
        .build();
  }

  private void checkBins(String kind, Deadline deadline) {
    if (withBins.contains(kind)) {
      return;
    }
    if (store.bins(kind, deadline).isEmpty()) {
      throw new ProblemException(
          StatusCodes.NOT_FOUND,
          "kind '%s' has no bins; check the spelling (names are exact), or add its first bin"
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
