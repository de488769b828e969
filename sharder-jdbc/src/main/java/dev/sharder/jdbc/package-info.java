/**
 * Keeps assignments in SQLite or PostgreSQL, exactly and atomically: {@link
 * dev.sharder.jdbc.JdbiAssignmentStore}.
 */
@NullMarked
package dev.sharder.jdbc;

import org.jspecify.annotations.NullMarked;
