package dev.sharder.examples.tenants;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.TransientDataAccessResourceException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/**
 * What the application is about: the current tenant's notes. Each call is a transaction, so the
 * tenant must be known to the caller.
 *
 * <p>The database itself says who moved away, in the transaction that took the rows out. So a
 * process that has not heard of a move yet is refused for a moment, and neither shows nothing nor
 * writes to where nobody will look.
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
          "tenant '%s' is not in this database: it moved a moment ago, or its sign-up was cut short; ask again, or sign it up again"
              .formatted(tenant));
    }
  }
}
