/**
 * The settings of the hub sharder: what they are, and how they are read from a file, the
 * environment and options, or from callysto's file.
 */
@NullMarked
package dev.sharder.examples.hub.config;

import org.jspecify.annotations.NullMarked;
