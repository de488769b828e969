package dev.sharder.store;

import dev.sharder.contract.AssignmentStoreContract;

class InMemoryAssignmentStoreTest extends AssignmentStoreContract {

  @Override
  protected AssignmentStore newStore() {
    return AssignmentStore.inMemory();
  }
}
