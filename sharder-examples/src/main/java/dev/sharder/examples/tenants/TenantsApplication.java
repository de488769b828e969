package dev.sharder.examples.tenants;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.Bin;
import dev.sharder.Sharder;
import dev.sharder.SharderBuilder;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.jdbc.JdbiAssignmentStore;
import dev.sharder.metrics.SharderMetrics;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

/** A Spring Boot application that stores each tenant's notes in one of several databases. */
@SpringBootApplication(proxyBeanMethods = false)
@EnableConfigurationProperties(TenantsApplication.TenantsProperties.class)
public class TenantsApplication {

  static final String KIND = "database";

  /**
   * The settings in application.yml.
   *
   * @param assignments JDBC URL of the database that holds the assignments
   * @param databases JDBC URLs of the tenants' databases, by the names of their bins; without
   *     passwords, because they become labels that operators see
   */
  @ConfigurationProperties("tenants")
  record TenantsProperties(String assignments, Map<String, String> databases) {
    List<Bin> bins() {
      return databases.entrySet().stream()
          .map(
              database ->
                  Bin.of(database.getKey())
                      .withLabels(Map.of(TenantDataSource.URL, database.getValue())))
          .toList();
    }
  }

  /**
   * Runs the example.
   *
   * @param args as for any Spring Boot application
   */
  public static void main(String[] args) {
    SpringApplication.run(TenantsApplication.class, args);
  }

  /** Not the default candidate: other beans are injected with the routed data source. */
  @Bean(defaultCandidate = false)
  HikariDataSource assignments(TenantsProperties settings) {
    return TenantDataSource.pool(settings.assignments());
  }

  @Bean
  JdbiAssignmentStore store(@Qualifier("assignments") DataSource assignments) {
    return JdbiAssignmentStore.create(assignments);
  }

  /** Declares the databases of application.yml as bins, so new tenants can be placed at once. */
  @Bean
  Sharder tenants(
      JdbiAssignmentStore store, TenantsProperties settings, ObjectProvider<MeterRegistry> meters) {
    SharderBuilder tenants = Sharder.builder(KIND, store).bins(settings.bins());
    meters.ifAvailable(registry -> tenants.listener(SharderMetrics.in(registry)));
    return tenants.build();
  }

  /** Uses the same store as the sharder, so that this process sees its own moves at once. */
  @Bean
  ShardAdmin admin(JdbiAssignmentStore store) {
    return ShardAdmin.builder(KIND, store).build();
  }

  @Bean
  TenantDataSource dataSource(Sharder tenants) {
    return new TenantDataSource(tenants);
  }
}
