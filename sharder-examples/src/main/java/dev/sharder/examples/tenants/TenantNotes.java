package dev.sharder.examples.tenants;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.TransientDataAccessResourceException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/**
 * The notes of the current tenant. Each call is a transaction, so the caller must have set the
 * tenant.
 *
 * <p>The tenant database records which tenants moved away, in the transaction that deletes their
 * rows. So a process that does not know of a move yet is refused for a moment; it neither returns
 * an empty list nor writes to the old database.
 */
@Service
@Transactional
class TenantNotes {

  private final JdbcClient database;

  TenantNotes(JdbcClient database) {
    this.database = database;
  }

  void signUp() {
    database
        .sql("INSERT INTO tenant (name) VALUES (:tenant) ON CONFLICT DO NOTHING")
        .param("tenant", CurrentTenant.name())
        .update();
  }

  void add(String text) {
    String tenant = CurrentTenant.name();
    int added =
        database
            .sql(
                """
                INSERT INTO note (tenant, text)
                SELECT name, :text
                  FROM tenant
                 WHERE name = :tenant
                   AND moved_to IS NULL
                """)
            .param("tenant", tenant)
            .param("text", text)
            .update();
    checkLivesHere(tenant, added == 1);
  }

  List<String> all() {
    String tenant = CurrentTenant.name();
    List<@Nullable String> texts =
        database
            .sql(
                """
                SELECT note.text
                  FROM tenant
                  LEFT JOIN note ON note.tenant = tenant.name
                 WHERE tenant.name = :tenant
                   AND tenant.moved_to IS NULL
                 ORDER BY note.id
                """)
            .param("tenant", tenant)
            .query((row, number) -> row.getString("text"))
            .list();
    checkLivesHere(tenant, !texts.isEmpty());
    return texts.stream().filter(Objects::nonNull).toList();
  }

  private static void checkLivesHere(String tenant, boolean livesHere) {
    if (!livesHere) {
      throw new TransientDataAccessResourceException(
          "tenant '%s' is not in this database: it has just moved, or its sign-up was interrupted; try again, or sign it up again"
              .formatted(tenant));
    }
  }
}
