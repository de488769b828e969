package dev.sharder.examples.hub.proxy.chp;

import dev.sharder.examples.hub.proxy.ProxyListener;
import dev.sharder.examples.hub.proxy.RequestHead;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/** Counts what CHP counts, under its names. Thread-safe. */
public final class ChpMetrics implements ProxyListener {

  private static final double NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);

  private final LongAdder routesRead = new LongAdder();
  private final LongAdder routesAdded = new LongAdder();
  private final LongAdder routesDeleted = new LongAdder();
  private final LongAdder found = new LongAdder();
  private final LongAdder foundNanos = new LongAdder();
  private final LongAdder websockets = new LongAdder();
  private final LongAdder requests = new LongAdder();
  private final Map<Integer, LongAdder> answers = new ConcurrentSkipListMap<>();
  private final Map<Integer, LongAdder> apiAnswers = new ConcurrentSkipListMap<>();

  /** Creates counters that are zero. */
  public ChpMetrics() {}

  @Override
  public void requested(RequestHead request) {
    if (request.isWebSocket()) {
      websockets.increment();
    } else if (!request.uri().equals(ChpRouter.HEALTH)) {
      requests.increment();
    }
  }

  @Override
  public void answered(int status, long nanos) {
    answers.computeIfAbsent(status, first -> new LongAdder()).increment();
  }

  void found(long nanos) {
    found.increment();
    foundNanos.add(nanos);
  }

  void apiAnswered(int status) {
    apiAnswers.computeIfAbsent(status, first -> new LongAdder()).increment();
  }

  void routeAdded() {
    routesAdded.increment();
  }

  void routeDeleted() {
    routesDeleted.increment();
  }

  void routesRead() {
    routesRead.increment();
  }

  /** Returns all counters in the text format of Prometheus. */
  String text() {
    StringBuilder text = new StringBuilder();
    counter(text, "api_route_get", "Requests that read the routes.", routesRead);
    counter(text, "api_route_add", "Routes that were set.", routesAdded);
    counter(text, "api_route_delete", "Requests that delete a route.", routesDeleted);
    head(text, "find_target_for_req", "Seconds that finding a route took.", "summary");
    text.append("find_target_for_req_sum ").append(foundNanos.sum() / NANOS_PER_SECOND);
    text.append("\nfind_target_for_req_count ").append(found.sum()).append('\n');
    counter(text, "requests_ws", "Requests for a websocket.", websockets);
    counter(text, "requests_web", "Other requests.", requests);
    byStatus(text, "requests_proxy", "Answers to requests, by status.", answers);
    byStatus(text, "requests_api", "Answers of the API, by status.", apiAnswers);
    return text.toString();
  }

  private static void head(StringBuilder text, String name, String help, String type) {
    text.append("# HELP ").append(name).append(' ').append(help).append('\n');
    text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
  }

  private static void counter(StringBuilder text, String name, String help, LongAdder count) {
    head(text, name, help, "counter");
    text.append(name).append(' ').append(count.sum()).append('\n');
  }

  private static void byStatus(
      StringBuilder text, String name, String help, Map<Integer, LongAdder> counts) {
    head(text, name, help, "counter");
    counts.forEach(
        (status, count) ->
            text.append("%s{status=\"%d\"} %d\n".formatted(name, status, count.sum())));
  }
}
