/**
 * What every handler needs of HTTP: answers, problems, JSON, the user whom the proxy names, and
 * short texts of other servers.
 */
@NullMarked
package dev.sharder.examples.hub.http;

import org.jspecify.annotations.NullMarked;
