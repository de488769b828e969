/**
 * Assigns each object to a bin once and remembers it permanently.
 *
 * <p>A program creates one {@link dev.sharder.Sharder} per kind of object. A {@link
 * dev.sharder.BinPolicy} chooses a bin for each new object, and an {@link
 * dev.sharder.store.AssignmentStore} keeps the assignment. No method accepts or returns {@code
 * null} unless it is annotated {@code @Nullable}; a value that may be absent is an {@code
 * Optional}.
 *
 * <p><b>Names.</b> Kinds, objects, groups, bins, labels and actors have names. A name is exact,
 * case-sensitive text of 1 to 255 code points, without control characters, line breaks,
 * bidirectional overrides or half surrogate pairs, and not blank. Names are not trimmed,
 * case-folded or normalized: two names are equal if all their code points are equal. The name of a
 * new object has at least one visible character. The name of a new bin also has no white space at
 * its beginning or end, no-break spaces included, because people type it. An object or a bin that
 * has such a name already, because SQL or an earlier build wrote it, can still be found, moved,
 * changed and removed by a {@link dev.sharder.admin.ShardAdmin}. {@link dev.sharder.Names} checks
 * names.
 */
@NullMarked
package dev.sharder;

import org.jspecify.annotations.NullMarked;
