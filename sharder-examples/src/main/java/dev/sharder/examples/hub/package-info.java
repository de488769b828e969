/**
 * The hub sharder: behind nginx, it assigns each authenticated user to a JupyterHub once, and sets
 * the cookie that nginx routes by.
 */
@NullMarked
package dev.sharder.examples.hub;

import org.jspecify.annotations.NullMarked;
