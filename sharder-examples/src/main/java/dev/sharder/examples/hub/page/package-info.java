/** The page for operators: static files that use the REST API from the browser. */
@NullMarked
package dev.sharder.examples.hub.page;

import org.jspecify.annotations.NullMarked;
