package dev.sharder.examples.hub.proxy;

import io.netty.handler.ssl.SslContext;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * How a proxy works.
 *
 * @param listen where clients connect; port 0 for any that is free
 * @param tls the certificate that clients see, asked for at each connection; empty for no TLS
 * @param targetTls the TLS of connections to targets with https
 * @param forwarded what targets learn about clients; empty for nothing
 * @param rewrites what is changed on the way
 * @param limits how much and how long it takes
 * @param pages what clients see when no target answers
 * @param listener is notified of all requests
 */
public record ProxyOptions(
    InetSocketAddress listen,
    Optional<Supplier<SslContext>> tls,
    SslContext targetTls,
    Optional<ForwardedHeaders> forwarded,
    Rewrites rewrites,
    ProxyLimits limits,
    ErrorPages pages,
    ProxyListener listener) {}
