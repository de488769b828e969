/**
 * Stores assignments in SQLite, PostgreSQL or MariaDB. The entry point is {@link
 * dev.sharder.jdbc.JdbiAssignmentStore}.
 */
@NullMarked
package dev.sharder.jdbc;

import org.jspecify.annotations.NullMarked;
