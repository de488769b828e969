package dev.sharder.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the store asks of a HikariCP pool beyond connections: to evict some of them. A connection
 * that stopped responding, or whose server has become a standby, is seldom the only one, so
 * HikariCP is asked to replace the idle ones too. Other pools validate their connections as they
 * are configured to.
 */
final class HikariPools {

  private static final Logger log = LoggerFactory.getLogger(HikariPools.class);

  private static final boolean HAS_HIKARI =
      OptionalLibrary.has("com.zaxxer.hikari.HikariDataSource");

  private HikariPools() {}

  /** Evicts one connection, if the pool supports it. Never blocks. */
  static void evict(DataSource dataSource, Connection connection) {
    if (HAS_HIKARI) {
      Hikari.evict(dataSource, connection);
    }
  }

  /** Replaces idle connections, if the pool supports it. May block while it closes them. */
  static void evictIdle(DataSource dataSource) {
    if (HAS_HIKARI) {
      Hikari.evictIdle(dataSource);
    }
  }

  /** Returns whether the pool is one that validates a connection for at most so long. */
  static boolean validatesWithin(DataSource dataSource, Duration atMost) {
    return HAS_HIKARI && Hikari.validatesWithin(dataSource, atMost);
  }

  /** Returns whether a thread that borrows may wait without a limit, and cannot be interrupted. */
  static boolean canBeSuspended(DataSource dataSource) {
    return HAS_HIKARI && Hikari.canBeSuspended(dataSource);
  }

  /** A class of its own, so that it is loaded only if HikariCP is on the class path. */
  private static final class Hikari {

    static void evict(DataSource dataSource, Connection connection) {
      pool(dataSource).ifPresent(pool -> pool.evictConnection(connection));
    }

    static void evictIdle(DataSource dataSource) {
      pool(dataSource)
          .map(HikariDataSource::getHikariPoolMXBean)
          .ifPresent(HikariPoolMXBean::softEvictConnections);
    }

    static boolean validatesWithin(DataSource dataSource, Duration atMost) {
      return pool(dataSource)
          .filter(pool -> pool.getValidationTimeout() <= atMost.toMillis())
          .isPresent();
    }

    static boolean canBeSuspended(DataSource dataSource) {
      return pool(dataSource).filter(HikariDataSource::isAllowPoolSuspension).isPresent();
    }

    private static Optional<HikariDataSource> pool(DataSource dataSource) {
      try {
        return dataSource.isWrapperFor(HikariDataSource.class)
            ? Optional.of(dataSource.unwrap(HikariDataSource.class))
            : Optional.empty();
      } catch (SQLException | RuntimeException failure) {
        log.debug("cannot unwrap the data source: {}", failure.getMessage());
        return Optional.empty();
      }
    }
  }
}
