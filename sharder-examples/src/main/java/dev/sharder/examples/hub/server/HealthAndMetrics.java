package dev.sharder.examples.hub.server;

import com.zaxxer.hikari.metrics.micrometer.MicrometerMetricsTrackerFactory;
import dev.sharder.AssignmentRequest;
import dev.sharder.Sharder;
import dev.sharder.SharderException;
import dev.sharder.SharderListener;
import dev.sharder.admin.Explanation;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.examples.hub.http.Problem;
import dev.sharder.metrics.SharderMetrics;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.distribution.DistributionStatisticConfig;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.StatusCodes;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves what monitoring reads: liveness, readiness and metrics. */
final class HealthAndMetrics implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(HealthAndMetrics.class);

  /** How long after a move an answer from memory may still name the old bin. */
  static final Duration STALENESS = Duration.ofSeconds(1);

  static final Duration READY_LIMIT = Duration.ofSeconds(2);

  /** A name that is never assigned; explaining it shows whether a new user could be. */
  private static final String PROBE = "readiness probe";

  private static final Duration READY_INTERVAL = Duration.ofSeconds(1);

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final SharderListener sharders = SharderMetrics.in(registry);
  private @Nullable JvmGcMetrics collections;
  private final Map<AnswerKey, Timer> answers = new ConcurrentHashMap<>();

  /** Adds histogram buckets to our timers. */
  private static final class Histograms implements MeterFilter {
    @Override
    public DistributionStatisticConfig configure(Meter.Id id, DistributionStatisticConfig config) {
      return id.getType() == Meter.Type.TIMER && id.getName().startsWith("sharder.")
          ? DistributionStatisticConfig.builder()
              .serviceLevelObjectives(BOUNDS)
              .build()
              .merge(config)
          : config;
    }
  }

  private final AtomicBoolean asking = new AtomicBoolean();
  private volatile long asked = System.nanoTime();

  /** The result of the latest check; the hubs are declared before the first answer. */
  private volatile PlacingState placing = PlacingState.WORKS;

  private enum PlacingState {
    WORKS,
    NO_OPEN_BIN,
    FAILS
  }

  /** Identifies a timer of answers. */
  private record AnswerKey(String path, int status) {}

  /** The bounds of the histogram buckets, in nanoseconds. */
  private static final double[] BOUNDS =
      Stream.of(1, 5, 10, 50, 100, 500, 1_000, 5_000, 10_000)
          .mapToDouble(millis -> TimeUnit.MILLISECONDS.toNanos(millis))
          .toArray();

  HealthAndMetrics() {
    registry.config().meterFilter(new Histograms());
  }

  /** Adds the meters of the JVM when they are first read: a start would wait for its beans. */
  private synchronized void addJvm() {
    if (collections == null) {
      new JvmMemoryMetrics().bindTo(registry);
      new JvmThreadMetrics().bindTo(registry);
      new UptimeMetrics().bindTo(registry);
      collections = new JvmGcMetrics();
      collections.bindTo(registry);
    }
  }

  /** Returns the registry of all meters. */
  MeterRegistry meters() {
    return registry;
  }

  /** Returns a listener that records what a sharder does. */
  SharderListener listener() {
    return sharders;
  }

  /** Records metrics of the connection pool, too. */
  void add(HubDatabase database) {
    database.pool().setMetricsTrackerFactory(new MicrometerMetricsTrackerFactory(registry));
  }

  /** Times the answers of a handler. */
  HttpHandler timed(String path, HttpHandler handler) {
    return exchange -> {
      long start = System.nanoTime();
      exchange.addExchangeCompleteListener(
          (ended, next) -> {
            answers
                .computeIfAbsent(new AnswerKey(path, ended.getStatusCode()), this::timer)
                .record(System.nanoTime() - start, TimeUnit.NANOSECONDS);
            next.proceed();
          });
      handler.handleRequest(exchange);
    };
  }

  private Timer timer(AnswerKey answer) {
    return registry.timer(
        "sharder.http", "path", answer.path(), "status", String.valueOf(answer.status()));
  }

  /** Answers that the server is alive, regardless of the database. */
  void answerHealth(HttpServerExchange exchange) {
    exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, "text/plain; charset=utf-8");
    exchange.getResponseSender().send("alive\n");
  }

  /**
   * Answers whether a new user could be placed, and whether answers for known users are current. At
   * most one request a second queries the database; it locks the kind, as placing does, and writes
   * nothing.
   */
  void answerReady(HttpServerExchange exchange, ShardAdmin admin, Sharder sharder) {
    if (System.nanoTime() - asked > READY_INTERVAL.toNanos() && asking.compareAndSet(false, true)) {
      try {
        exchange.dispatch(worker -> check(worker, admin, sharder));
      } catch (RuntimeException | Error noWorker) {
        asking.set(false);
        throw noWorker;
      }
    } else {
      answerReadiness(exchange, sharder);
    }
  }

  private void check(HttpServerExchange exchange, ShardAdmin admin, Sharder sharder) {
    try {
      placing(admin);
      asked = System.nanoTime();
    } finally {
      asking.set(false);
    }
    answerReadiness(exchange, sharder);
  }

  private void placing(ShardAdmin admin) {
    try {
      Explanation explanation = admin.explain(AssignmentRequest.of(admin.kind(), PROBE));
      boolean works = explanation.assignment().isPresent() || explanation.wouldGet().isPresent();
      become(
          works ? PlacingState.WORKS : PlacingState.NO_OPEN_BIN, explanation.others().toString());
    } catch (SharderException failure) {
      become(PlacingState.FAILS, failure.getMessage());
    }
  }

  private void become(PlacingState now, String why) {
    if (now != placing) {
      log.warn(
          now == PlacingState.WORKS
              ? "new users can be placed again"
              : "no new user can be placed: {}",
          why);
    }
    placing = now;
  }

  private void answerReadiness(HttpServerExchange exchange, Sharder sharder) {
    Duration age = sharder.answerAge();
    if (placing == PlacingState.FAILS) {
      refuse(
          exchange,
          "no new user can be placed, because the database or the policy fails; see the log");
    } else if (age.compareTo(STALENESS) > 0) {
      refuse(
          exchange,
          "changes in the database have not been seen for %d ms, so a user who was moved may be sent to the old hub, or is looked up"
              .formatted(age.toMillis()));
    } else {
      exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, "text/plain; charset=utf-8");
      exchange
          .getResponseSender()
          .send(
              placing == PlacingState.NO_OPEN_BIN
                  ? "ready for known users; no hub accepts new ones, see the log\n"
                  : "ready\n");
    }
  }

  private static void refuse(HttpServerExchange exchange, String reason) {
    Problem.of(StatusCodes.SERVICE_UNAVAILABLE, reason).answer(exchange);
  }

  /** Answers with all metrics in the format of Prometheus. */
  void answerMetrics(HttpServerExchange exchange) {
    addJvm();
    exchange
        .getResponseHeaders()
        .put(Headers.CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
    exchange.getResponseSender().send(registry.scrape());
  }

  @Override
  public synchronized void close() {
    if (collections != null) {
      collections.close();
    }
    registry.close();
  }
}
