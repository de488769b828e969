/**
 * Stores assignments in SQLite or PostgreSQL. The entry point is {@link
 * dev.sharder.jdbc.JdbiAssignmentStore}.
 */
@NullMarked
package dev.sharder.jdbc;

import org.jspecify.annotations.NullMarked;
