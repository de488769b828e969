/** The certificates and keys of a proxy, in PEM files. */
@NullMarked
package dev.sharder.examples.hub.proxy.tls;

import org.jspecify.annotations.NullMarked;
