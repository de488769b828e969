/**
 * Keeps assignments in SQLite, PostgreSQL or MariaDB.
 *
 * <p>The JDBC driver and the pool are modules that the program brings; the driver is found by
 * {@link java.util.ServiceLoader}.
 */
module dev.sharder.jdbc {
  requires transitive dev.sharder;
  requires transitive java.sql;
  requires com.fasterxml.jackson.core;
  // Jdbi needs it, and has no descriptor to say so.
  requires io.leangen.geantyref;
  requires org.jdbi.v3.core;
  requires org.jdbi.v3.sqlobject;
  requires org.slf4j;
  requires static com.zaxxer.hikari;
  requires static org.jspecify;
  requires static org.postgresql.jdbc;
  requires static org.xerial.sqlitejdbc;

  exports dev.sharder.jdbc;

  // Jdbi implements the interfaces of the statements.
  opens dev.sharder.jdbc to
      org.jdbi.v3.core;

  // So that the program's own migration tool can read the SQL.
  opens dev.sharder.jdbc.migration.citus;
  opens dev.sharder.jdbc.migration.mariadb;
  opens dev.sharder.jdbc.migration.postgresql;
  opens dev.sharder.jdbc.migration.sqlite;
}
