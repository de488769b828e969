package application;

import dev.sharder.Sharder;
import dev.sharder.jdbc.JdbiAssignmentStore;
import javax.sql.DataSource;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.sql.init.dependency.DependsOnDatabaseInitialization;
import org.springframework.context.annotation.Bean;

@SpringBootApplication
public class Application {

  // Flyway refuses to begin in a schema that already has tables.
  @Bean
  @DependsOnDatabaseInitialization
  JdbiAssignmentStore store(DataSource database) {
    return JdbiAssignmentStore.create(database);
  }

  @Bean
  Sharder hubs(JdbiAssignmentStore store) {
    return Sharder.builder("hub", store).bins("hub-1", "hub-2").build();
  }

  public static void main(String[] arguments) {
    SpringApplication.run(Application.class, arguments);
  }
}
