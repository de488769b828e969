package dev.sharder.examples.tenants;

import dev.sharder.Assignment;
import dev.sharder.admin.Move;
import dev.sharder.admin.MoveMode;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import java.util.List;
import java.util.Objects;
import javax.sql.DataSource;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Moves a tenant's rows to another database, and then its assignment.
 *
 * <p>The order matters. The rows are deleted from the old database in a transaction that blocks
 * writers there and that is committed last. So a failure before the move leaves the tenant where it
 * was; rows written before the transaction are copied; and a writer that had to wait is refused
 * (see {@link TenantNotes}) and uses the new database when it tries again. If the commit in the old
 * database fails, the rows stay there unused.
 */
@Component
final class TenantMover {

  private final ShardAdmin admin;
  private final TenantDataSource databases;

  TenantMover(ShardAdmin admin, TenantDataSource databases) {
    this.admin = admin;
    this.databases = databases;
  }

  /** Moves a tenant; safe to repeat after any failure. Synchronized: two moves could interfere. */
  synchronized Assignment move(String tenant, String to, Note note) {
    Assignment now = admin.find(tenant).orElseThrow(() -> NoTenantException.unknown(tenant));
    if (now.bin().equals(to)) {
      return now;
    }
    DataSource old = databases.database(now.bin());
    return Objects.requireNonNull(
        transaction(old)
            .execute(
                status -> {
                  List<String> texts = takeOut(tenant, to, JdbcClient.create(old));
                  putIn(tenant, texts, databases.database(to));
                  return admin.move(
                      Move.of(tenant, to).ifVersion(now.version()), MoveMode.CHECKED, note);
                }));
  }

  private static TransactionTemplate transaction(DataSource database) {
    return new TransactionTemplate(new JdbcTransactionManager(database));
  }

  private static List<String> takeOut(String tenant, String to, JdbcClient old) {
    // First, because it blocks writers.
    old.sql("UPDATE tenant SET moved_to = :to WHERE name = :tenant")
        .param("to", to)
        .param("tenant", tenant)
        .update();
    List<String> texts =
        old.sql("SELECT text FROM note WHERE tenant = :tenant ORDER BY id")
            .param("tenant", tenant)
            .query((row, number) -> row.getString("text"))
            .list();
    clear(tenant, old);
    return texts;
  }

  private static void putIn(String tenant, List<String> texts, DataSource to) {
    JdbcClient database = JdbcClient.create(to);
    transaction(to)
        .executeWithoutResult(
            status -> {
              database
                  .sql(
                      """
                      INSERT INTO tenant (name)
                      VALUES (:tenant)
                      ON CONFLICT (name) DO UPDATE SET moved_to = NULL
                      """)
                  .param("tenant", tenant)
                  .update();
              // An earlier attempt may have left rows.
              clear(tenant, database);
              texts.forEach(text -> add(tenant, text, database));
            });
  }

  private static void clear(String tenant, JdbcClient database) {
    database.sql("DELETE FROM note WHERE tenant = :tenant").param("tenant", tenant).update();
  }

  private static void add(String tenant, String text, JdbcClient database) {
    database
        .sql("INSERT INTO note (tenant, text) VALUES (:tenant, :text)")
        .param("tenant", tenant)
        .param("text", text)
        .update();
  }
}
