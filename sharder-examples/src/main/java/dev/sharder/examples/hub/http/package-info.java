/** What every handler needs of HTTP: answers, problems, JSON, and the user whom the proxy names. */
@NullMarked
package dev.sharder.examples.hub.http;

import org.jspecify.annotations.NullMarked;
