/**
 * Gives every object a bin, once, and remembers it for ever.
 *
 * <p>A program holds one {@link dev.sharder.Sharder} per kind of object and asks it; a {@link
 * dev.sharder.BinPolicy} chooses a bin for whoever is new; an {@link dev.sharder.AssignmentStore}
 * keeps the answer. Null is never passed in or handed out: what may be absent is an {@code
 * Optional}.
 */
@NullMarked
package dev.sharder;

import org.jspecify.annotations.NullMarked;
