package dev.sharder.examples.tenants;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.sharder.Bin;
import dev.sharder.Sharder;
import dev.sharder.store.AssignmentStore;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A database that accepts connections and is silent")
@Timeout(60)
class TenantDataSourceTest {

  /** Names with the same hash code, which share a lock of a map. */
  private static final String SILENT = "Aa";

  private static final String OTHER = "BB";

  @TempDir private Path folder;

  @AutoClose private final AssignmentStore store = AssignmentStore.inMemory();

  private final ExecutorService callers = Executors.newCachedThreadPool();
  private ServerSocket server;
  private Sharder tenants;
  private TenantDataSource databases;

  @BeforeEach
  void open() throws IOException {
    server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
    tenants =
        Sharder.builder("tenant", store)
            .bins(
                bin(SILENT, "jdbc:postgresql://127.0.0.1:%d/x".formatted(server.getLocalPort())),
                bin(OTHER, RunningTenants.url(folder, OTHER)))
            .build();
    databases = new TenantDataSource(tenants);
  }

  @AfterEach
  void close() throws IOException {
    databases.close();
    tenants.close();
    server.close();
    callers.shutdownNow();
  }

  @Test
  @DisplayName("holds up no other database, and its own callers for the pool's time limit only")
  void silent() throws Exception {
    Future<DataSource> first = callers.submit(() -> databases.database(SILENT));
    try (Socket silent = server.accept()) {
      try (Connection connection = databases.database(OTHER).getConnection()) {
        assertThat(connection.isValid(1)).isTrue();
      }
      assertThat(first).isNotDone();
      assertThat(silent.isConnected()).isTrue();
      assertThatThrownBy(first::get).hasMessageContaining("Failed to initialize pool");
    }
  }

  @Test
  @DisplayName("is asked once, for all callers that wait for it")
  void sharedAttempt() throws Exception {
    Future<DataSource> first = callers.submit(() -> databases.database(SILENT));
    try (Socket silent = server.accept()) {
      Future<DataSource> second = callers.submit(() -> databases.database(SILENT));
      Throwable failed = catchThrowable(first::get).getCause();
      assertThat(failed).hasMessageContaining("bin 'Aa' cannot be opened");
      assertThat(catchThrowable(second::get).getCause().getCause()).isSameAs(failed.getCause());
      assertThat(silent.isConnected()).isTrue();
    }
  }

  private static Bin bin(String name, String url) {
    return Bin.of(name).withLabels(Map.of(TenantDataSource.URL, url));
  }
}
