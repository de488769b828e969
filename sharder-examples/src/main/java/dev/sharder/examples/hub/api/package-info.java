/**
 * The REST API of the hub sharder, for programs in any language: assignments of every kind for
 * trusted peers, and an operator's changes for token holders and admins.
 */
@NullMarked
package dev.sharder.examples.hub.api;

import org.jspecify.annotations.NullMarked;
