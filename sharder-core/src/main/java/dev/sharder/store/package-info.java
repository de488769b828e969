/**
 * What the author of a store implements, {@link dev.sharder.store.AssignmentStore}, and the types
 * in its signatures. Programs that only use sharders need no more of it than a store to pass to
 * {@link dev.sharder.Sharder#builder}.
 *
 * <p>A store locks, reads, calls a function and writes the {@link dev.sharder.store.Edit} that it
 * returns; what an edit contains is decided once, for all stores. To compare names as every store
 * must, use {@link dev.sharder.Names#ORDER}. To check data in memory, use {@link
 * dev.sharder.store.ConsistencyCheck}. The page {@code docs/store-spi.md} of the source code builds
 * a store step by step.
 */
@NullMarked
package dev.sharder.store;

import org.jspecify.annotations.NullMarked;
