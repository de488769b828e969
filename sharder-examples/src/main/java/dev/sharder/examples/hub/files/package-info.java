/** Files: their replacement in one step, their names, and what keeps them from being used. */
@NullMarked
package dev.sharder.examples.hub.files;

import org.jspecify.annotations.NullMarked;
