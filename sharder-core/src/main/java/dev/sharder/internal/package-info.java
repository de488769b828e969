/** Shared by the packages of this module and not exported. */
@NullMarked
package dev.sharder.internal;

import org.jspecify.annotations.NullMarked;
