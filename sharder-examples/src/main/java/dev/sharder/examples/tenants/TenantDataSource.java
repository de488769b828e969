package dev.sharder.examples.tenants;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.Assignment;
import dev.sharder.BinLoad;
import dev.sharder.Sharder;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.sql.DataSource;
import org.springframework.core.io.ClassPathResource;
import org.springframework.jdbc.datasource.init.DatabasePopulatorUtils;
import org.springframework.jdbc.datasource.init.ResourceDatabasePopulator;
import org.springframework.jdbc.datasource.lookup.AbstractRoutingDataSource;

/**
 * Takes every connection from the database that the current tenant lives in.
 *
 * <p>The database is chosen when the connection is taken, that is, when a transaction starts
 * (behind a {@code LazyConnectionDataSourceProxy}, with its first statement). There is no default
 * database: without a known tenant, taking a connection throws {@link NoTenantException}. A bin's
 * pool is opened on first use, so bins may be added at any time; closing this closes all pools.
 * After a bin's URL is changed, the old URL is used until the next start.
 */
final class TenantDataSource extends AbstractRoutingDataSource implements AutoCloseable {

  /** The label of a bin that holds its JDBC URL. */
  static final String URL = "url";

  private static final int OPENING_SECONDS = 10;

  private final Sharder tenants;

  /** One attempt to open each bin's pool, which all callers share. */
  private final Map<String, FutureTask<HikariDataSource>> pools = new ConcurrentHashMap<>();

  private final Queue<HikariDataSource> opened = new ConcurrentLinkedQueue<>();
  private volatile boolean closed;

  TenantDataSource(Sharder tenants) {
    this.tenants = tenants;
    // Spring's own map of targets is fixed at startup; ours grows.
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

  /** Returns the database of a bin, independent of the current tenant. */
  DataSource database(String bin) {
    // Opened outside of the map's lock: others must not wait for a database that is silent.
    FutureTask<HikariDataSource> opening =
        pools.computeIfAbsent(bin, name -> new FutureTask<>(() -> open(name)));
    opening.run();
    try {
      return opening.get(OPENING_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException failure) {
      pools.remove(bin, opening);
      Throwable cause = failure.getCause();
      throw new IllegalStateException(
          "the database of bin '%s' cannot be opened: %s"
              .formatted(bin, cause == null ? failure : cause.getMessage()),
          cause);
    } catch (TimeoutException late) {
      throw new IllegalStateException(
          "the database of bin '%s' was not opened within %d s".formatted(bin, OPENING_SECONDS),
          late);
    } catch (InterruptedException interruption) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(
          "interrupted while the database of bin '%s' was opened".formatted(bin), interruption);
    }
  }

  private HikariDataSource open(String bin) {
    HikariDataSource pool = pool(url(bin));
    try {
      // A real application would run Flyway here.
      ClassPathResource tables = new ClassPathResource("tenant.sql", TenantDataSource.class);
      DatabasePopulatorUtils.execute(new ResourceDatabasePopulator(tables), pool);
      opened.add(pool);
      if (closed) {
        throw new IllegalStateException("this data source is closed");
      }
      return pool;
    } catch (RuntimeException failure) {
      pool.close();
      throw failure;
    }
  }

  /**
   * Returns the URL in the bin's label, which is stored with the bin and so known to all processes.
   */
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
    // PostgreSQL's driver would wait for a silent server without end. Other drivers ignore it.
    config.addDataSourceProperty("loginTimeout", "5");
    return new HikariDataSource(config);
  }

  @Override
  public void close() {
    closed = true;
    opened.forEach(HikariDataSource::close);
  }
}
