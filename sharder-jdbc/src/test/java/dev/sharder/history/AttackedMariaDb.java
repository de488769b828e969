package dev.sharder.history;

import dev.sharder.jdbc.MariaDbServer;
import java.io.IOException;
import java.nio.file.Path;
import org.jdbi.v3.core.Handle;

/** MariaDB under attack. The players' user has no privilege that overrides {@code read_only}. */
final class AttackedMariaDb extends AttackedServer {

  private final String operatorUrl;

  private AttackedMariaDb(MariaDbServer server, String operatorUrl, Path folder)
      throws IOException {
    super(server, server.ordinaryUser(operatorUrl), folder);
    this.operatorUrl = operatorUrl;
  }

  static AttackedMariaDb start(Path folder) throws IOException {
    MariaDbServer server = MariaDbServer.start(folder);
    return new AttackedMariaDb(server, server.newDatabase(), folder);
  }

  @Override
  String operatorUrl() {
    return operatorUrl;
  }

  @Override
  void endSessions(double share) {
    try (Handle operator = operator()) {
      operator.execute(
          """
          BEGIN NOT ATOMIC
            DECLARE already_gone CONDITION FOR 1094;
            DECLARE CONTINUE HANDLER FOR already_gone BEGIN END;
            FOR one IN (
              SELECT id
              FROM information_schema.processlist
              WHERE user = ? AND rand() < ?)
            DO
              KILL CONNECTION one.id;
            END FOR;
          END
          """,
          MariaDbServer.ORDINARY_USER,
          share);
    }
  }

  @Override
  void refuseWrites() {
    try (Handle operator = operator()) {
      operator.execute("SET GLOBAL read_only = ON");
    }
  }

  @Override
  void acceptWrites() {
    try (Handle operator = operator()) {
      operator.execute("SET GLOBAL read_only = OFF");
    }
  }
}
