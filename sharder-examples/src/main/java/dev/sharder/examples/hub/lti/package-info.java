/**
 * Launches from a learning platform: proves by LTI 1.1 or 1.3 who was sent, once, and keeps what
 * the platform said. Knows nothing of hubs and HTTP servers.
 */
@NullMarked
package dev.sharder.examples.hub.lti;

import org.jspecify.annotations.NullMarked;
