/**
 * The hub sharder as a running server: puts the other packages together, guards the port, and
 * reports its health and its meters.
 */
@NullMarked
package dev.sharder.examples.hub.server;

import org.jspecify.annotations.NullMarked;
