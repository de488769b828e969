package dev.sharder.history;

import dev.sharder.jdbc.KillablePostgres;
import java.io.IOException;
import java.nio.file.Path;
import org.jdbi.v3.core.Handle;

/** PostgreSQL under attack. */
final class AttackedPostgres extends AttackedServer {

  private final KillablePostgres server;

  private AttackedPostgres(KillablePostgres server, Path folder) throws IOException {
    super(server, server.url(), folder);
    this.server = server;
  }

  static AttackedPostgres start(Path folder) throws IOException {
    return new AttackedPostgres(new KillablePostgres(folder.resolve("data")), folder);
  }

  @Override
  String operatorUrl() {
    return server.url();
  }

  @Override
  void endSessions(double share) {
    try (Handle operator = operator()) {
      operator.execute(
          """
          SELECT pg_terminate_backend(pid)
          FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid() AND random() < ?
          """,
          share);
    }
  }

  @Override
  void refuseWrites() {
    try (Handle operator = operator()) {
      operator.execute("ALTER DATABASE postgres SET default_transaction_read_only = on");
    }
    // Only new sessions have the setting.
    endSessions(1);
  }

  @Override
  void acceptWrites() {
    try (Handle operator = operator()) {
      operator.execute("SET default_transaction_read_only = off");
      operator.execute("ALTER DATABASE postgres RESET default_transaction_read_only");
    }
  }
}
