package dev.sharder;

class InMemoryAssignmentStoreTest extends AssignmentStoreContract {

  @Override
  protected AssignmentStore newStore() {
    return AssignmentStore.inMemory();
  }
}
