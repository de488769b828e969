package dev.sharder.jdbc;

import dev.sharder.Deadline;
import dev.sharder.StoreException;
import java.sql.SQLException;
import java.sql.SQLTransientException;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;

/** Creates and updates the tables by Flyway, beside whatever else the database holds. */
final class Migration {

  /** How often a table that is there already is put down to another process that made it. */
  private static final int COLLISIONS = 10;

  private final Dialect dialect;
  private final DataSource connections;
  private int collisions;

  Migration(Dialect dialect, DataSource connections) {
    this.dialect = dialect;
    this.connections = connections;
  }

  void run(Deadline deadline) {
    Flyway flyway =
        Flyway.configure(Migration.class.getClassLoader())
            .dataSource(connections)
            .locations(dialect.migrations())
            .table("sharder_schema_history")
            // The application's own tables may be there already.
            .baselineOnMigrate(true)
            .baselineVersion("0")
            .load();
    Retry.until(deadline, () -> migrate(flyway));
  }

  private boolean migrate(Flyway flyway) throws SQLException {
    try {
      flyway.migrate();
      return true;
    } catch (FlywayException failure) {
      SQLException reason = Retry.reason(failure).orElse(new SQLException(failure));
      if (Retry.mayPass(reason)) {
        throw reason;
      }
      // On SQLite Flyway takes no lock, and processes that meet on a new file trip over each other.
      if (isThereAlready(reason) && ++collisions < COLLISIONS) {
        throw new SQLTransientException(reason.getMessage(), failure);
      }
      throw new StoreException(
          "the tables could not be created or updated: %s; mend that, or run the migrations in %s by hand"
              .formatted(Retry.oneLine(reason), dialect.migrations()),
          failure);
    }
  }

  private static boolean isThereAlready(SQLException reason) {
    return String.valueOf(reason.getMessage()).contains("already exists");
  }
}
