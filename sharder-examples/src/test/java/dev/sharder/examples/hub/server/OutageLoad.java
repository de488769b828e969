package dev.sharder.examples.hub.server;

import dev.sharder.examples.hub.server.RunningHub.HubAnswer;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Known users at a steady rate, and clients that each bring one new user after the other, all of
 * whom remember their answers; what should not happen is recorded.
 */
public final class OutageLoad implements AutoCloseable {

  private static final int KNOWN_ASK_EVERY_MILLIS = 4;

  private final RunningHub hub;
  private final ScheduledExecutorService clients;
  private final List<Future<?>> newUsers = new ArrayList<>();
  private final List<String> known = new ArrayList<>();
  private final Map<String, String> hubs = new ConcurrentHashMap<>();
  private final Queue<String> refused = new ConcurrentLinkedQueue<>();
  private final Queue<String> surprises = new ConcurrentLinkedQueue<>();
  private final AtomicInteger names = new AtomicInteger();
  private final AtomicLong longestWait = new AtomicLong();
  private final AtomicLong longestWaitOfTheKnown = new AtomicLong();
  private volatile boolean stopped;

  public OutageLoad(RunningHub hub, int knownUsers, int newcomerClients) throws Exception {
    this.hub = hub;
    this.clients = Executors.newScheduledThreadPool(newcomerClients + 2);
    hub.remember("known-0");
    for (int i = 0; i < knownUsers; i++) {
      known.add("known-" + i);
      tell(known.get(i), hub.get("/shard", known.get(i)));
    }
    AtomicInteger turns = new AtomicInteger();
    clients.scheduleAtFixedRate(
        () -> askAsKnown(known.get(turns.getAndIncrement() % knownUsers)),
        0,
        KNOWN_ASK_EVERY_MILLIS,
        TimeUnit.MILLISECONDS);
    for (int i = 0; i < newcomerClients; i++) {
      newUsers.add(clients.submit(this::bringNewUsers));
    }
  }

  /** How many users have a hub so far. */
  public int placed() {
    return hubs.size();
  }

  /** How many users were asked to come again. */
  public int refused() {
    return refused.size();
  }

  /** The longest time that a new user waited for any answer. */
  public Duration longestWait() {
    return Duration.ofNanos(longestWait.get());
  }

  /** The longest time that a known user waited. */
  public Duration longestWaitOfTheKnown() {
    return Duration.ofNanos(longestWaitOfTheKnown.get());
  }

  public List<String> surprises() {
    return List.copyOf(surprises);
  }

  /** The hub that each user was sent to. */
  public Map<String, String> hubs() {
    return new TreeMap<>(hubs);
  }

  /** Returns once everybody who asked was answered. */
  public void stop() throws Exception {
    stopped = true;
    for (Future<?> newUser : newUsers) {
      newUser.get();
    }
    clients.shutdown();
    if (!clients.awaitTermination(30, TimeUnit.SECONDS)) {
      surprises.add("a known user was not answered");
    }
  }

  public void askTheRefusedAgain() {
    refused.forEach(user -> tell(user, ask(user, longestWait)));
  }

  /** A user who was placed comes back at once, and is known. */
  private void bringNewUsers() {
    while (!stopped) {
      String user = "new-" + names.getAndIncrement();
      HubAnswer answer = ask(user, longestWait);
      if (answer.status() == 503) {
        checkRefusal(user, answer);
        refused.add(user);
      } else {
        tell(user, answer);
        askAsKnown(user);
      }
    }
  }

  private void askAsKnown(String user) {
    tell(user, ask(user, longestWaitOfTheKnown));
  }

  private HubAnswer ask(String user, AtomicLong longest) {
    long start = System.nanoTime();
    try {
      return hub.get("/shard", user);
    } catch (IOException | RuntimeException failure) {
      return new HubAnswer(0, List.of(), failure.toString());
    } finally {
      longest.accumulateAndGet(System.nanoTime() - start, Math::max);
    }
  }

  private void tell(String user, HubAnswer answer) {
    if (answer.status() != 302) {
      surprises.add(user + " was answered " + answer);
      return;
    }
    String before = hubs.putIfAbsent(user, hub(answer));
    if (before != null && !before.equals(hub(answer))) {
      surprises.add(user + " was sent to " + before + " and then " + answer);
    }
  }

  private void checkRefusal(String user, HubAnswer answer) {
    boolean isComplete =
        answer.headers("Retry-After").equals(List.of("5"))
            && answer.headers("Content-Type").equals(List.of("application/problem+json"))
            && answer.headers("Set-Cookie").isEmpty()
            && answer.body().contains("\"status\":503");
    if (!isComplete) {
      surprises.add(user + " was refused by " + answer);
    }
  }

  /** The hub that the cookie of an answer names. */
  public static String hub(HubAnswer answer) {
    return answer.header("Set-Cookie").replaceFirst("^hub=([^;]*);.*", "$1");
  }

  @Override
  public void close() {
    stopped = true;
    clients.shutdownNow();
  }
}
