package dev.sharder.store;

import dev.sharder.contract.OperatorHistoryContract;

class InMemoryOperatorHistoryTest extends OperatorHistoryContract {

  @Override
  protected Crashable open() {
    AssignmentStore store = AssignmentStore.inMemory();
    return new Crashable() {
      @Override
      public AssignmentStore store() {
        return store;
      }

      @Override
      public void close() {
        store.close();
      }
    };
  }
}
