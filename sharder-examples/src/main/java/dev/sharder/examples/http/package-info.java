/** What every part of the server that speaks HTTP shares. */
@NullMarked
package dev.sharder.examples.http;

import org.jspecify.annotations.NullMarked;
