package dev.sharder.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.Sharder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/** New databases, each with a pool of connections that ends with the test. */
abstract class PooledDatabases {

  @TempDir Path folder;

  final List<HikariDataSource> pools = new ArrayList<>();

  @AfterEach
  void closePools() {
    pools.forEach(HikariDataSource::close);
  }

  static Sharder hubs(JdbiAssignmentStore store) {
    return Sharder.builder("hub", store).bins("a", "b").build();
  }

  HikariDataSource pool(TestDatabase product) {
    return pool(product.newUrl(folder));
  }

  /** Returns a pool that can be configured until its first connection. */
  HikariDataSource pool(String url) {
    HikariDataSource pool = new HikariDataSource();
    pools.add(pool);
    pool.setJdbcUrl(url);
    return pool;
  }
}
