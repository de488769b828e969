package dev.sharder.admin;

import dev.sharder.BinPolicy;
import dev.sharder.InvalidValueException;
import dev.sharder.Names;
import dev.sharder.store.AssignmentStore;
import dev.sharder.store.Deadline;
import java.time.Duration;

/** Collects the settings of a {@link ShardAdmin}. Not thread-safe. */
public final class ShardAdminBuilder {

  private final String kind;
  private final AssignmentStore store;
  private BinPolicy policy = BinPolicy.emptiest();
  private Duration timeLimit = Duration.ofMinutes(1);

  ShardAdminBuilder(String kind, AssignmentStore store) {
    this.kind = Names.check("kind", kind);
    this.store = store;
  }

  /**
   * Names the policy by which the kind's sharders place, for explanations, and so that no plan
   * moves an object where it would be refused; {@link BinPolicy#emptiest} if this is never called.
   *
   * @param policy the policy
   * @return this builder
   */
  public ShardAdminBuilder policy(BinPolicy policy) {
    this.policy = policy;
    return this;
  }

  /**
   * Bounds how long a step waits for the store: a change, a batch, a page, or a reading of
   * everything; a minute if this is never called.
   *
   * @param timeLimit more than zero and at most a hundred years
   * @return this builder
   * @throws InvalidValueException if it is outside that range
   */
  public ShardAdminBuilder timeLimit(Duration timeLimit) {
    this.timeLimit = Deadline.in(timeLimit).limit();
    return this;
  }

  /**
   * Returns the admin.
   *
   * @return a new admin
   */
  public ShardAdmin build() {
    return new ShardAdmin(kind, store, policy, timeLimit);
  }
}
