package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sharder.Sharder;
import dev.sharder.StoreException;
import java.sql.SQLException;
import java.util.TimeZone;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.mariadb.jdbc.MariaDbDataSource;
import org.postgresql.ds.PGSimpleDataSource;

/** Java programs have time zones that a database may not know. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TimeZoneTest {

  private final TimeZone before = TimeZone.getDefault();

  @AfterEach
  void restore() {
    TimeZone.setDefault(before);
  }

  @Test
  @DisplayName("A zone that PostgreSQL does not know is reported with the cure")
  void unknown() {
    PGSimpleDataSource postgres = new PGSimpleDataSource();
    postgres.setURL(TestPostgres.newDatabase());
    TimeZone.setDefault(TimeZone.getTimeZone("IST"));
    assertThatThrownBy(() -> JdbiAssignmentStore.create(postgres))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("IST")
        .hasMessageContaining("-Duser.timezone=UTC");
  }

  @ParameterizedTest
  @ValueSource(strings = {"Asia/Kolkata", "GMT+05:30", "America/Sao_Paulo"})
  @DisplayName("Times are the same whatever zone PostgreSQL is told")
  void known(String zone) {
    PGSimpleDataSource postgres = new PGSimpleDataSource();
    postgres.setURL(TestPostgres.newDatabase());
    TimeZone.setDefault(TimeZone.getTimeZone(zone));
    assertAssigns(JdbiAssignmentStore.create(postgres));
  }

  @Test
  @DisplayName("MariaDB is told none, so that any will do")
  void mariaDb() throws SQLException {
    MariaDbDataSource database = new MariaDbDataSource(TestMariaDb.newDatabase());
    TimeZone.setDefault(TimeZone.getTimeZone("IST"));
    assertAssigns(JdbiAssignmentStore.create(database));
  }

  private static void assertAssigns(JdbiAssignmentStore opened) {
    try (JdbiAssignmentStore store = opened;
        Sharder hubs = Sharder.builder("hub", store).bins("hub-1").build()) {
      assertThat(hubs.assign("ada").assignment().assignedAt().toEpochMilli())
          .isBetween(System.currentTimeMillis() - 60_000, System.currentTimeMillis() + 60_000);
    }
  }
}
