package dev.sharder.jdbc;

import static java.util.stream.Collectors.joining;

import dev.sharder.StoreException;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The JDBC drivers that the store works with. An application brings the one that it uses. */
enum JdbcDriver {
  SQLITE("SQLite", "jdbc:sqlite:", "org.sqlite.SQLiteConnection", "org.xerial:sqlite-jdbc"),
  POSTGRESQL(
      "PostgreSQL", "jdbc:postgresql:", "org.postgresql.PGConnection", "org.postgresql:postgresql"),
  MARIADB(
      "MariaDB",
      "jdbc:mariadb:",
      "org.mariadb.jdbc.Driver",
      "org.mariadb.jdbc:mariadb-java-client");

  private final String product;
  private final String url;
  private final String className;
  private final String artifact;

  /**
   * A driver.
   *
   * @param product the name of the database, as the driver reports it
   * @param url what its URLs begin with
   * @param className a class that the store uses
   * @param artifact its groupId and artifactId
   */
  JdbcDriver(String product, String url, String className, String artifact) {
    this.product = product;
    this.url = url;
    this.className = className;
    this.artifact = artifact;
  }

  static Optional<JdbcDriver> of(String product) {
    return Stream.of(values()).filter(driver -> driver.product.equals(product)).findFirst();
  }

  /** Throws if the store cannot use the driver's classes. */
  void checkPresent() {
    if (!OptionalLibrary.has(className)) {
      throw missing(null);
    }
  }

  /** Throws an error that names the driver, if a connection failed because there is none. */
  static void checkPresent(Exception refusal) {
    for (Throwable link = refusal; link != null; link = link.getCause()) {
      String message = String.valueOf(link.getMessage());
      for (JdbcDriver driver : values()) {
        if (message.contains(driver.url) && !OptionalLibrary.has(driver.className)) {
          throw driver.missing(refusal);
        }
      }
      // What java.sql.DriverManager throws.
      if (message.startsWith("No suitable driver")) {
        throw new StoreException(
            "no JDBC driver accepts the URL of the data source; "
                + Stream.of(values())
                    .map(one -> "a URL %s… needs %s".formatted(one.url, one.artifact))
                    .collect(joining(", ")),
            refusal);
      }
    }
  }

  private StoreException missing(@Nullable Exception refusal) {
    return new StoreException(
        "the JDBC driver of %s is missing; add the dependency %s".formatted(product, artifact),
        refusal);
  }
}
