package dev.sharder.examples.hub.proxy.hubs;

import dev.sharder.Bin;
import dev.sharder.InvalidValueException;
import dev.sharder.examples.hub.http.ThrottledLog;
import dev.sharder.examples.hub.proxy.Target;
import dev.sharder.examples.hub.proxy.hubs.HealthCheck.CheckResult;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A hub that requests are carried to, and whether it is up. The first check decides; later, two
 * that fail in a row, or one that succeeds. Thread-safe.
 */
final class Hub {

  private static final Logger log = LoggerFactory.getLogger(Hub.class);

  private static final ThrottledLog unasked = new ThrottledLog(log);

  private static final String LABEL = "address";

  private static final long INTERVAL = Duration.ofSeconds(5).toNanos();

  /** After a failure, of a check or of a request. */
  private static final long SHORT_INTERVAL = Duration.ofSeconds(1).toNanos();

  private static final int FAILURES_TO_BELIEVE = 2;

  private final String name;
  private final Target target;
  private volatile HubState state = HubState.UNKNOWN;

  // Guarded by the monitor.
  private boolean isAsked;
  private boolean isSuspected = true;
  private int failures;
  private long lastAsked = System.nanoTime() - INTERVAL;

  Hub(String name, Target target) {
    this.name = name;
    this.target = target;
  }

  /**
   * Returns where the requests for a bin go: its label {@code address}, a URL or what nginx takes
   * after {@code server}.
   *
   * @throws InvalidValueException if it has none, or one that is no address; the message says so
   *     after the name of the bin
   */
  static Target target(Bin bin) {
    String address = bin.labels().get(LABEL);
    if (address == null) {
      throw new InvalidValueException(
          "has no address; give it the label 'address', such as http://10.0.0.7:8000");
    }
    boolean isUrl = address.contains("://") || address.startsWith("unix:");
    try {
      return Target.parse(isUrl ? address : "http://" + address);
    } catch (InvalidValueException unusable) {
      throw new InvalidValueException(
          "has the address '%s', which is not one; write it like http://10.0.0.7:8000, https://hub.example or unix:/run/hub.sock"
              .formatted(address));
    }
  }

  String name() {
    return name;
  }

  Target target() {
    return target;
  }

  HubState state() {
    return state;
  }

  /** A request failed, so the next check is due sooner. */
  synchronized void suspect() {
    isSuspected = true;
  }

  /** Returns whether it is to be checked now; if so, {@link #checked} is to follow. */
  synchronized boolean isDue() {
    long interval = isSuspected || failures > 0 ? SHORT_INTERVAL : INTERVAL;
    long now = System.nanoTime();
    if (isAsked || now - lastAsked < interval) {
      return false;
    }
    isAsked = true;
    isSuspected = false;
    lastAsked = now;
    return true;
  }

  /** Takes the result of a check; one that finds nothing changes nothing. */
  synchronized void checked(CheckResult result) {
    isAsked = false;
    if (result.state() == HubState.UNKNOWN) {
      isSuspected = true;
      unasked.warn("hub '{}' could not be checked: {}", name, result.reason());
      return;
    }
    failures = result.state() == HubState.UP ? 0 : failures + 1;
    if (failures == 0 || failures >= FAILURES_TO_BELIEVE || state == HubState.UNKNOWN) {
      become(result);
    }
  }

  private void become(CheckResult result) {
    HubState before = state;
    state = result.state();
    if (state == before || (before == HubState.UNKNOWN && state == HubState.UP)) {
      return;
    }
    switch (state) {
      case UNKNOWN -> throw new IllegalStateException("a check that finds nothing");
      case UP -> log.info("hub '{}' at {} is up again", name, target);
      case FAILING -> log.warn("hub '{}' at {} is failing: {}", name, target, result.reason());
      case DOWN ->
          log.error(
              "hub '{}' at {} is down: {}; its users get 503 until it is up",
              name,
              target,
              result.reason());
    }
  }
}
