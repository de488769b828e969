/**
 * The command {@code proxy}: carries each user's requests to the hub that the sharder assigns, and
 * looks whether the hubs are up.
 */
@NullMarked
package dev.sharder.examples.hub.proxy.hubs;

import org.jspecify.annotations.NullMarked;
