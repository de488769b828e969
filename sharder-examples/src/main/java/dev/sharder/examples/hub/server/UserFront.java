package dev.sharder.examples.hub.server;

import dev.sharder.BinPolicy;
import dev.sharder.Sharder;
import dev.sharder.admin.Change;
import dev.sharder.examples.hub.access.TrustedProxy;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Optional;
import java.util.function.Consumer;

/** What answers users at a port of its own, beside the server: such as a proxy. Thread-safe. */
public interface UserFront extends AutoCloseable {

  /** Answers no one: users come to the server, through nginx. */
  UserFront NONE = new UserFront() {};

  /** Returns how users are placed, given how they are placed without it. */
  default BinPolicy placing(BinPolicy otherwise) {
    return otherwise;
  }

  /** Returns what is called with each change of users and hubs; empty to hear of none. */
  default Optional<Consumer<Change>> changes() {
    return Optional.empty();
  }

  /** Returns whether a hub is up; empty if it is not looked at. */
  default Optional<Boolean> isUp(String bin) {
    return Optional.empty();
  }

  /**
   * Opens its port, before anything is written; until it is started, it answers that it starts.
   *
   * @param meters where to count
   * @throws StartException if it cannot listen
   */
  default void open(MeterRegistry meters) {}

  /**
   * Begins to answer users, after all else has started.
   *
   * @param sharder assigns the users; the server closes it later than this
   * @param proxy the proxy in front, which names the users
   */
  default void start(Sharder sharder, TrustedProxy proxy) {}

  /** Reads again what may change while it runs; what is wrong is logged and changes nothing. */
  default void reload() {}

  /** Finishes what it began. Closing twice has no effect. */
  @Override
  default void close() {}
}
