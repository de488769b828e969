package dev.sharder.examples.hub.proxy.chp;

import dev.sharder.examples.hub.http.Problem;
import dev.sharder.examples.hub.server.HttpListener;
import dev.sharder.examples.hub.server.RequestFramingHandler;
import dev.sharder.examples.hub.server.RequestLimitsHandler;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.StatusCodes;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Optional;

/** Serves the counters of a proxy, and those of Java, to Prometheus. */
final class MetricsServer implements AutoCloseable {

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final JvmGcMetrics collections = new JvmGcMetrics();
  private final ChpMetrics metrics;
  private final HttpListener listener;

  /**
   * Starts to answer.
   *
   * @throws IOException if it cannot listen
   */
  MetricsServer(InetSocketAddress address, ChpMetrics metrics) throws IOException {
    this.metrics = metrics;
    this.listener =
        HttpListener.open(
            address,
            Optional.empty(),
            RoutesApiServer.ANYONE,
            noting ->
                noting.wrap(new RequestFramingHandler(new RequestLimitsHandler(this::answer))));
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
    collections.bindTo(registry);
  }

  private void answer(HttpServerExchange exchange) {
    if (!exchange.getRequestURI().equals("/metrics")) {
      Problem.of(StatusCodes.NOT_FOUND, "there is nothing here; ask /metrics").answer(exchange);
      return;
    }
    exchange
        .getResponseHeaders()
        .put(Headers.CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
    exchange.getResponseSender().send(metrics.text() + registry.scrape());
  }

  int port() {
    return listener.port();
  }

  @Override
  public void close() {
    listener.close();
    collections.close();
    registry.close();
  }
}
