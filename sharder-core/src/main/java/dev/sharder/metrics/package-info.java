/**
 * Metrics of sharders in Micrometer. An application that uses this package must depend on {@code
 * io.micrometer:micrometer-core}.
 */
@NullMarked
package dev.sharder.metrics;

import org.jspecify.annotations.NullMarked;
