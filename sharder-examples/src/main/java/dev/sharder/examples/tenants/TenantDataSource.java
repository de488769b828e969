package dev.sharder.examples.tenants;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.Assignment;
import dev.sharder.BinLoad;
import dev.sharder.Sharder;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.sql.DataSource;
import org.springframework.core.io.ClassPathResource;
import org.springframework.jdbc.datasource.init.DatabasePopulatorUtils;
import org.springframework.jdbc.datasource.init.ResourceDatabasePopulator;
import org.springframework.jdbc.datasource.lookup.AbstractRoutingDataSource;

/**
 * Takes every connection from the database that the current tenant lives in.
 *
 * <p>Which one is decided when the connection is taken, that is when a transaction begins (behind a
 * {@code LazyConnectionDataSourceProxy}, with its first statement). There is no default database:
 * without a tenant that is known there is a {@link NoTenantException}. A bin's pool is opened when
 * it is first needed, so bins may appear at any time; all are closed with this. A bin whose URL was
 * changed is asked at its old one until the next start.
 */
final class TenantDataSource extends AbstractRoutingDataSource implements AutoCloseable {

  /** The label of a bin that says where it is. */
  static final String URL = "url";

  private final Sharder tenants;
  private final Map<String, HikariDataSource> pools = new ConcurrentHashMap<>();

  TenantDataSource(Sharder tenants) {
    this.tenants = tenants;
    // Spring's own table is made at the start once and for all, and ours is not.
    setTargetDataSources(Map.of());
  }

  @Override
  protected String determineCurrentLookupKey() {
    String tenant = CurrentTenant.name();
    return tenants
        .find(tenant)
        .map(Assignment::bin)
        .orElseThrow(() -> NoTenantException.unknown(tenant));
  }

  @Override
  protected DataSource determineTargetDataSource() {
    return database(determineCurrentLookupKey());
  }

  /** Returns the database of a bin, whoever the current tenant is. */
  DataSource database(String bin) {
    return pools.computeIfAbsent(bin, this::open);
  }

  private HikariDataSource open(String bin) {
    HikariDataSource pool = pool(url(bin));
    try {
      // A grown application has Flyway here.
      ClassPathResource tables = new ClassPathResource("tenant.sql", TenantDataSource.class);
      DatabasePopulatorUtils.execute(new ResourceDatabasePopulator(tables), pool);
      return pool;
    } catch (RuntimeException failure) {
      pool.close();
      throw failure;
    }
  }

  /** The bin's label, which every process finds beside the bin, whoever added it. */
  private String url(String name) {
    return tenants.bins().stream()
        .filter(bin -> bin.name().equals(name))
        .map(BinLoad::bin)
        .flatMap(bin -> bin.labels().entrySet().stream())
        .filter(label -> label.getKey().equals(URL))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalStateException(
                    "bin '%s' has no label '%s'; set it to its JDBC URL".formatted(name, URL)));
  }

  /** Opens a pool of connections to a database. */
  static HikariDataSource pool(String url) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(url);
    // Below the sharder's time limit of 10 s.
    config.setConnectionTimeout(5_000);
    return new HikariDataSource(config);
  }

  @Override
  public void close() {
    pools.values().forEach(HikariDataSource::close);
  }
}
