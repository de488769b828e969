/** A reverse proxy that carries HTTP and websockets to targets, byte for byte. */
@NullMarked
package dev.sharder.examples.hub.proxy;

import org.jspecify.annotations.NullMarked;
