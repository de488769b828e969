/**
 * Meters of Sharder for Micrometer, which an application that uses this package brings along:
 * {@code io.micrometer:micrometer-core}.
 */
@NullMarked
package dev.sharder.metrics;

import org.jspecify.annotations.NullMarked;
