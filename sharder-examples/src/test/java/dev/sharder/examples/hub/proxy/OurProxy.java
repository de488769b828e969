package dev.sharder.examples.hub.proxy;

import dev.sharder.examples.hub.access.TrustedPeers;
import dev.sharder.examples.hub.proxy.Decision.Answer;
import dev.sharder.examples.hub.proxy.Decision.Forward;
import dev.sharder.examples.hub.proxy.Decision.HeaderEdits;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * How our proxy is started in tests.
 *
 * @param limits its limits
 * @param forwarded what targets learn about clients
 * @param rewrites what it changes on the way
 * @param traffic hears what becomes of the requests
 */
record OurProxy(
    ProxyLimits limits, Optional<ForwardedHeaders> forwarded, Rewrites rewrites, Traffic traffic) {

  static OurProxy withDefaults() {
    ProxyLimits limits = ProxyLimits.defaults();
    return new OurProxy(
        new ProxyLimits(
            limits.headBytes(),
            limits.head(),
            limits.idle(),
            limits.linger(),
            limits.stall(),
            limits.client(),
            limits.target(),
            limits.connect(),
            Duration.ofMillis(100),
            limits.connections()),
        Optional.empty(),
        Rewrites.NONE,
        Traffic.IGNORED);
  }

  OurProxy with(ProxyLimits other) {
    return new OurProxy(other, forwarded, rewrites, traffic);
  }

  OurProxy with(Rewrites other) {
    return new OurProxy(limits, forwarded, other, traffic);
  }

  OurProxy with(Traffic other) {
    return new OurProxy(limits, forwarded, rewrites, other);
  }

  /** Tells targets about clients, and believes what these peers say about theirs. */
  OurProxy trusting(String... peers) {
    return new OurProxy(
        limits,
        Optional.of(new ForwardedHeaders(TrustedPeers.of(List.of(peers)))),
        rewrites,
        traffic);
  }

  /** Starts it before a target on this machine. */
  ProxyUnderTest before(int port) throws IOException {
    Target target = Target.parse("http://127.0.0.1:" + port);
    return routedBy(
        request ->
            CompletableFuture.completedFuture(
                new Forward(target, request.uri(), HeaderEdits.NONE, traffic)));
  }

  /** Starts it with routes of the test's own. */
  ProxyUnderTest routedBy(Router router) throws IOException {
    ProxyServer server = ProxyServer.start(options(), router);
    return new ProxyUnderTest() {
      @Override
      public int port() {
        return server.port();
      }

      @Override
      public void close() {
        server.close();
      }
    };
  }

  ProxyOptions options() throws IOException {
    return new ProxyOptions(
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
        Optional.empty(),
        SslContextBuilder.forClient().build(),
        forwarded,
        rewrites,
        limits,
        OurProxy::page,
        ProxyListener.NONE);
  }

  private static CompletionStage<Answer> page(int status, String reason, String uri) {
    return CompletableFuture.completedFuture(Answer.text(status, "text/plain", reason));
  }
}
