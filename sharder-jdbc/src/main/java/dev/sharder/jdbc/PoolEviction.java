package dev.sharder.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What pools offer beyond {@link DataSource}. A connection that went silent, or is to a server that
 * has become a standby, is seldom the only one: HikariCP is asked to replace those that are idle.
 * Other pools try their connections out as they are set to.
 */
final class PoolEviction {

  private static final Logger log = LoggerFactory.getLogger(PoolEviction.class);

  private static final boolean HAS_HIKARI = hasHikari();

  private PoolEviction() {}

  private static boolean hasHikari() {
    try {
      Class.forName(
          "com.zaxxer.hikari.HikariDataSource", false, PoolEviction.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException | LinkageError absent) {
      return false;
    }
  }

  /** Has one connection not lent again, where the pool can do so; never waits. */
  static void evict(DataSource dataSource, Connection connection) {
    if (HAS_HIKARI) {
      Hikari.evict(dataSource, connection);
    }
  }

  /** Has idle connections replaced, where the pool can do so; never waits. */
  static void evictIdle(DataSource dataSource) {
    if (HAS_HIKARI) {
      Hikari.evictIdle(dataSource);
    }
  }

  /** Apart, so that it is loaded only where HikariCP is. */
  private static final class Hikari {

    static void evict(DataSource dataSource, Connection connection) {
      pool(dataSource).ifPresent(pool -> pool.evictConnection(connection));
    }

    static void evictIdle(DataSource dataSource) {
      pool(dataSource)
          .map(HikariDataSource::getHikariPoolMXBean)
          .ifPresent(HikariPoolMXBean::softEvictConnections);
    }

    private static Optional<HikariDataSource> pool(DataSource dataSource) {
      try {
        return dataSource.isWrapperFor(HikariDataSource.class)
            ? Optional.of(dataSource.unwrap(HikariDataSource.class))
            : Optional.empty();
      } catch (SQLException | RuntimeException failure) {
        log.debug("the data source does not say what it wraps: {}", failure.getMessage());
        return Optional.empty();
      }
    }
  }
}
