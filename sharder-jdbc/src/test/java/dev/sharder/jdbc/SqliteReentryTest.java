package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.Bin;
import dev.sharder.BinPolicy;
import dev.sharder.PolicyException;
import dev.sharder.Sharder;
import dev.sharder.StoreException;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A SQLite store that is called again within its own transaction")
@Timeout(60)
class SqliteReentryTest {

  private static final Note NOTE = new Note("test", "");
  private static final String REFUSAL = "called the store within the store's transaction";

  private final HikariDataSource pool = new HikariDataSource();

  @TempDir private Path folder;

  @AfterEach
  void close() {
    pool.close();
  }

  @Test
  @DisplayName("refuses a policy that reads in memory, and keeps the transaction")
  void policyInMemory() {
    pool.setJdbcUrl("jdbc:sqlite::memory:");
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool)) {
      ShardAdmin admin = ShardAdmin.builder("hub", store).build();
      List<StoreException> refused = new ArrayList<>();
      BinPolicy reading =
          (request, open) -> {
            try {
              admin.bins();
            } catch (StoreException failure) {
              refused.add(failure);
            }
            return open.get(1);
          };
      try (Sharder hubs = Sharder.builder("hub", store).bins("a", "b").policy(reading).build()) {
        assertThat(hubs.assign("ada").bin()).isEqualTo("b");
        assertThat(refused).hasSize(1);
        assertThat(refused.get(0)).hasMessageContaining(REFUSAL);
        assertThat(admin.bin("b").assigned()).isEqualTo(1);
      }
    }
  }

  @Test
  @DisplayName("refuses a function that changes a bin and reads in memory, and changes nothing")
  void changeInMemory() {
    pool.setJdbcUrl("jdbc:sqlite::memory:");
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool);
        Sharder hubs = Sharder.builder("hub", store).bins("a", "b").build()) {
      ShardAdmin admin = ShardAdmin.builder("hub", store).build();
      assertThatThrownBy(
              () ->
                  admin.changeBin(
                      "a", bin -> bin.withCapacity(admin.bin("b").assigned() + 1), NOTE))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining(REFUSAL);
      assertThat(hubs.bins()).allSatisfy(bin -> assertThat(bin.bin().capacity()).isEmpty());
    }
  }

  @Test
  @DisplayName("refuses a policy that writes into the same file, instead of waiting for itself")
  void policyOnFile() {
    pool.setJdbcUrl("jdbc:sqlite:" + folder.resolve("sharder.db"));
    try (JdbiAssignmentStore store = JdbiAssignmentStore.create(pool)) {
      ShardAdmin admin = ShardAdmin.builder("hub", store).build();
      BinPolicy writing =
          (request, open) -> {
            if (request.object().equals("ada")) {
              admin.addBin(Bin.of("c"), NOTE);
            }
            return open.get(0);
          };
      try (Sharder hubs = Sharder.builder("hub", store).bins("a", "b").policy(writing).build()) {
        assertThatThrownBy(() -> hubs.assign("ada"))
            .isInstanceOf(PolicyException.class)
            .hasMessageContaining(REFUSAL);
        assertThat(hubs.assign("bob").bin()).isEqualTo("a");
      }
    }
  }
}
