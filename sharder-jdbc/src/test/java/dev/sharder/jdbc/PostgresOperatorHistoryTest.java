package dev.sharder.jdbc;

class PostgresOperatorHistoryTest extends CutOperatorHistory {

  // Only connections and stores fail here, so the disk need not be synced.
  PostgresOperatorHistoryTest() {
    super(TestPostgres.newDatabase(), 50);
  }
}
