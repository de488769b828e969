package dev.sharder.examples.hub.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NamedDatabasesTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "find ada | | | true | false",
        "find ada --database jdbc:sqlite:a.db | | | true | false",
        "find --database=jdbc:postgresql://h/a ada | | | false | true",
        "bins | jdbc:mariadb://h/a | | false | true",
        "bins | jdbc:sqlite:a.db | | true | false",
        "bins --config=sharder.yml | | | true | true",
        "bins --config sharder.yml --database jdbc:sqlite:a.db | | | true | true",
        "bins | | sharder.yml | true | true",
        "import --from callysto --into jdbc:sqlite:a.db | | | true | true",
      })
  @DisplayName("Only what the arguments and the environment may name is loaded in advance")
  void guessed(String arguments, String database, String config, boolean sqlite, boolean others) {
    NamedDatabases guessed =
        NamedDatabases.of(
            arguments.split(" "),
            Map.of(
                "SHARDER_DATABASE", database == null ? "" : database,
                "SHARDER_CONFIG", config == null ? "" : config));
    assertThat(guessed).isEqualTo(new NamedDatabases(sqlite, others));
  }
}
