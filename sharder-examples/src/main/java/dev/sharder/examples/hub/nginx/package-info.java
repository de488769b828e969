/** Writes the hubs for nginx, as a file that its configuration includes. */
@NullMarked
package dev.sharder.examples.hub.nginx;

import org.jspecify.annotations.NullMarked;
