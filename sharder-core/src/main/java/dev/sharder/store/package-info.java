/**
 * What the author of a store implements, {@link dev.sharder.store.AssignmentStore}, and the types
 * in its signatures. Programs that only use sharders need no more of it than a store to pass to
 * {@link dev.sharder.Sharder#builder}.
 */
@NullMarked
package dev.sharder.store;

import org.jspecify.annotations.NullMarked;
