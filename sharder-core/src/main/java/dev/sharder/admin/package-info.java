/**
 * The operations of an operator: changing bins, moving objects, planning moves, checking and
 * repairing the data. Start with {@link dev.sharder.admin.ShardAdmin}.
 */
@NullMarked
package dev.sharder.admin;

import org.jspecify.annotations.NullMarked;
