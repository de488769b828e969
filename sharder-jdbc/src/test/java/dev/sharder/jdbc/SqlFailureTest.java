package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("A failure")
class SqlFailureTest {

  @ParameterizedTest
  @CsvSource({
    "40001, 1213, a deadlock or a failed certification on MariaDB",
    "HY000, 1205, a lock that MariaDB did not grant in time",
    "HY000, 1020, a record that has changed on MariaDB",
    "HY000, 1180, a commit that failed on MariaDB",
    "HY000, 1290, a read-only MariaDB",
    "08S01, 1047, a node that has lost its cluster",
    "42000, 1203, a user with max_user_connections on MariaDB",
    "42000, 1226, a user who has reached another limit on MariaDB",
    "70100, 1969, a statement that took too long on MariaDB",
    "25006, 0, a standby of PostgreSQL",
    "57P03, 0, a PostgreSQL that is starting",
    "40P01, 0, a deadlock on PostgreSQL",
    "55P03, 0, a lock that PostgreSQL did not grant in time",
    "08006, 0, a broken connection",
  })
  @DisplayName("is tried again if it may pass:")
  void passing(String state, int number, String what) {
    assertThat(SqlFailure.mayPass(new SQLException(what, state, number))).as(what).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "23000, 1062, a duplicate on MariaDB",
    "42000, 1064, a wrong statement on MariaDB",
    "42S02, 1146, a missing table on MariaDB",
    "HY000, 1030, a failure of a storage engine of MariaDB",
    "HY000, 1541, a failure whose number ends like that of a busy SQLite",
    "08S01, 1153, a message that is too large for MariaDB",
    "42501, 0, a missing right on PostgreSQL",
    "22023, 0, an unknown time zone on PostgreSQL",
  })
  @DisplayName("is reported at once if it would be the same again:")
  void lasting(String state, int number, String what) {
    assertThat(SqlFailure.mayPass(new SQLException(what, state, number))).as(what).isFalse();
  }
}
