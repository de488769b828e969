/**
 * The hub sharder: behind nginx, it gives every authenticated user a JupyterHub, once, by a cookie
 * that nginx routes by.
 */
@NullMarked
package dev.sharder.examples.hub;

import org.jspecify.annotations.NullMarked;
