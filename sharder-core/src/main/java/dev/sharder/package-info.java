/**
 * Gives every object a bin, once, and remembers it for ever.
 *
 * <p>A program holds one {@link dev.sharder.Sharder} per kind of object and asks it; a {@link
 * dev.sharder.BinPolicy} chooses a bin for whoever is new; an {@link
 * dev.sharder.store.AssignmentStore} keeps the answer. Null is never passed in or handed out: what
 * may be absent is an {@code Optional}.
 *
 * <p><b>Names.</b> A kind, an object, a group, a bin and an actor have a name: exact,
 * case-sensitive text of 1 to 255 code points without control characters, line breaks,
 * bidirectional overrides or half surrogate pairs, and not all blank. Nothing is trimmed, folded or
 * normalized: two names are the same if their code points are. A new object has at least one
 * visible character. A new bin has, besides, no white space around its name, no-break spaces
 * included, because people type it. What was there before a rule is still found, moved and emptied.
 */
@NullMarked
package dev.sharder;

import org.jspecify.annotations.NullMarked;
