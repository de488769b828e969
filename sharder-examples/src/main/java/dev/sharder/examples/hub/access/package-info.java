/** Decides who may ask for what: the proxy in front, holders of tokens, and admins. */
@NullMarked
package dev.sharder.examples.hub.access;

import org.jspecify.annotations.NullMarked;
