/**
 * Sends users to their hubs: {@code /shard}, {@code /auth} and {@code /check}, the cookie that
 * nginx routes by, and how user names are spelled.
 */
@NullMarked
package dev.sharder.examples.hub.redirect;

import org.jspecify.annotations.NullMarked;
