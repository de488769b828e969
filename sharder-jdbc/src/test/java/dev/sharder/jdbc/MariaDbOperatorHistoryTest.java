package dev.sharder.jdbc;

class MariaDbOperatorHistoryTest extends CutOperatorHistory {

  MariaDbOperatorHistoryTest() {
    super(TestMariaDb.newDatabase(), 20);
  }
}
