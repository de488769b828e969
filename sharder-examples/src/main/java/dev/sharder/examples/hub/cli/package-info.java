/**
 * The commands of {@code sharder.jar}: {@code serve}, and what an operator does with hubs and users
 * from a terminal or a script.
 */
@NullMarked
package dev.sharder.examples.hub.cli;

import org.jspecify.annotations.NullMarked;
