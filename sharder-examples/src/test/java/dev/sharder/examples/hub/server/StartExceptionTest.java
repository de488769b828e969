package dev.sharder.examples.hub.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sharder.examples.hub.config.DatabaseSettings;
import dev.sharder.jdbc.TestPostgres;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketException;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What keeps a server from starting is named with the cure of this cause. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StartExceptionTest {

  @TempDir private Path folder;

  private static String listening(String host, int port) {
    Throwable failure =
        catchThrowable(
            () -> {
              try (ServerSocketChannel channel = ServerSocketChannel.open()) {
                channel.bind(new InetSocketAddress(host, port));
              }
            });
    return StartException.ofListening("here", "--listen", failure).getMessage();
  }

  @Test
  @DisplayName("A server that cannot listen says why, and what to choose instead")
  void listening() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assertThat(listening("127.0.0.1", taken.getLocalPort()))
          .startsWith("cannot listen on here: ")
          .endsWith("stop the program that uses the port, or choose another with --listen");
    }
    assertThat(listening("192.0.2.1", 0)).contains("choose 0.0.0.0 or one that it has");
    assertThat(listening("no.such.host.invalid", 0)).contains("there is no such host");
    // A program of root may use all ports.
    SocketException refused = new SocketException("Permission denied");
    assertThat(StartException.ofListening("here", "--listen", refused).getMessage())
        .contains("choose one from 1024 with --listen");
  }

  private static String opening(String url) {
    DatabaseSettings settings =
        new DatabaseSettings(url, Optional.empty(), Optional.empty(), Optional.empty());
    return catchThrowableOfType(StartException.class, () -> HubDatabase.open(settings).close())
        .getMessage();
  }

  @Test
  @DisplayName("A database that cannot be opened says what to do about the cause")
  void opening() throws Exception {
    String postgres = TestPostgres.newDatabase();
    assertThat(opening(postgres.replaceFirst("/[^/?]*(\\?|$)", "/none$1")))
        .contains("create this database");
    assertThat(opening(postgres + (postgres.contains("?") ? "&" : "?") + "options=-c%20TimeZone=x"))
        .contains("a setting in the URL");
    assertThat(opening("jdbc:postgresql://127.0.0.1:1/x")).contains("start it");
    assertThat(opening("jdbc:postgresql://no.such.host.invalid/x")).contains("name of the host");
    Path text = Files.writeString(folder.resolve("x.db"), "dear diary, ".repeat(500));
    assertThat(opening("jdbc:sqlite:" + text)).contains("name a SQLite file");
    assertThat(opening("jdbc:sqlite:" + folder.resolve("no/x.db")))
        .contains("check that its folder is there");
  }

  @ParameterizedTest
  @CsvSource({
    "postgresql, 28P01, 0, SHARDER_DATABASE_PASSWORD",
    "postgresql, 53300, 0, max_connections",
    "mariadb, 28000, 1045, SHARDER_DATABASE_PASSWORD",
    "mariadb, 42000, 1049, create this database",
    "mariadb, 08004, 1040, max_connections",
    "mariadb, 08000, -1, start it"
  })
  @DisplayName("What a server refuses is known by its codes")
  void codes(String database, String state, int code, String cure) {
    assertThat(OpeningCure.of("jdbc:" + database + "://x/y", new SQLException("no", state, code)))
        .contains(cure);
  }
}
