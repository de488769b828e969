/** The page for operators: files that a browser runs, and that go through the REST API. */
@NullMarked
package dev.sharder.examples.hub.page;

import org.jspecify.annotations.NullMarked;
