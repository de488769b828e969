package dev.sharder.examples.hub.proxy.hubs;

import io.micrometer.core.instrument.Counter;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntFunction;

/** Counts what passes to one hub. Thread-safe. */
final class HubTraffic {

  private final IntFunction<Counter> answered;
  private final Counter failures;
  private final Map<Integer, Counter> answers = new ConcurrentHashMap<>();
  private final LongAdder webSockets = new LongAdder();

  /**
   * Starts to count.
   *
   * @param answered returns the counter of answers with a status
   * @param failures the counter of requests without an answer
   */
  HubTraffic(IntFunction<Counter> answered, Counter failures) {
    this.answered = answered;
    this.failures = failures;
  }

  void answered(int status) {
    answers.computeIfAbsent(status, answered::apply).increment();
  }

  void failed() {
    failures.increment();
  }

  void opened() {
    webSockets.increment();
  }

  void closed() {
    webSockets.decrement();
  }

  long webSockets() {
    return webSockets.sum();
  }
}
