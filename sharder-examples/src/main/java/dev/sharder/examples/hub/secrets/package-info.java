/**
 * Keeps secrets out of messages and logs: what a database URL may show, and what no line may have
 * in it.
 */
@NullMarked
package dev.sharder.examples.hub.secrets;

import org.jspecify.annotations.NullMarked;
