package dev.sharder.admin;

import dev.sharder.BinPolicy;
import dev.sharder.InvalidValueException;
import dev.sharder.Names;
import dev.sharder.store.AssignmentStore;
import dev.sharder.store.Deadline;
import java.time.Duration;
import java.util.Objects;

/** Collects the settings of a {@link ShardAdmin}. Not thread-safe. */
public final class ShardAdminBuilder {

  private final String kind;
  private final AssignmentStore store;
  private BinPolicy policy = BinPolicy.emptiest();
  private Duration timeLimit = Duration.ofMinutes(1);

  ShardAdminBuilder(String kind, AssignmentStore store) {
    this.kind = Names.check("kind", kind);
    this.store = Objects.requireNonNull(store, "store");
  }

  /**
   * Sets the policy that the kind's sharders use. Explanations follow it, and no plan moves an
   * object to a bin that it refuses. The default is {@link BinPolicy#emptiest}.
   *
   * @param policy the policy; must be thread-safe
   * @return this builder
   */
  public ShardAdminBuilder policy(BinPolicy policy) {
    this.policy = Objects.requireNonNull(policy, "policy");
    return this;
  }

  /**
   * Sets the maximum time that one step waits for the store: a change, a batch, a page, or a read
   * of all data. The default is one minute.
   *
   * @param timeLimit more than zero and at most a hundred years
   * @return this builder
   * @throws InvalidValueException if the time limit is outside that range
   */
  public ShardAdminBuilder timeLimit(Duration timeLimit) {
    this.timeLimit = Deadline.in(timeLimit).limit();
    return this;
  }

  /**
   * Returns a new admin.
   *
   * @return a new admin with the settings of this builder
   */
  public ShardAdmin build() {
    return new ShardAdmin(kind, store, policy, timeLimit);
  }
}
