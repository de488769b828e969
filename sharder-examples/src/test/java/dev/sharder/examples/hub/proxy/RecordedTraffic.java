package dev.sharder.examples.hub.proxy;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** Remembers what became of requests. */
final class RecordedTraffic implements Traffic {

  private final List<String> events = new CopyOnWriteArrayList<>();
  private final List<Tunnel> tunnels = new CopyOnWriteArrayList<>();
  private final AtomicInteger pieces = new AtomicInteger();

  @Override
  public void answered(int status) {
    events.add("answered " + status);
  }

  @Override
  public void failed(String reason) {
    events.add("failed");
  }

  @Override
  public void data() {
    pieces.incrementAndGet();
  }

  @Override
  public void opened(Tunnel websocket) {
    tunnels.add(websocket);
    events.add("opened");
  }

  @Override
  public void closed(Tunnel websocket) {
    events.add(tunnels.contains(websocket) ? "closed" : "closed an unknown websocket");
  }

  /** Returns what happened, in order, without data. */
  List<String> events() {
    return events;
  }

  /** Returns how often there were data. */
  int pieces() {
    return pieces.get();
  }

  /** Returns the websocket that was opened, as soon as there is one. */
  Tunnel tunnel() {
    Eventually.holds("a websocket is open", () -> !tunnels.isEmpty());
    return tunnels.get(0);
  }

  /** Waits until these are all that happened. */
  void await(String... expected) {
    Eventually.holds(
        "there was " + List.of(expected) + ", not " + events,
        () -> events.equals(List.of(expected)));
  }
}
