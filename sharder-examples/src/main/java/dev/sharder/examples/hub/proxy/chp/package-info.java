/** A proxy with the routes, the REST API and the command line of configurable-http-proxy (CHP). */
@NullMarked
package dev.sharder.examples.hub.proxy.chp;

import org.jspecify.annotations.NullMarked;
