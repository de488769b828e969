/** Programs that use the library, from a quick start to the hub sharder. */
@NullMarked
package dev.sharder.examples;

import org.jspecify.annotations.NullMarked;
