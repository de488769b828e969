package dev.sharder.examples.hub.proxy;

/**
 * Is notified of what happens to the requests that go to one target. Its methods are called on I/O
 * threads, of several connections at once, and must not block.
 */
public interface Traffic {

  /** Does nothing. */
  Traffic IGNORED = new Traffic() {};

  /** The target has answered, and the answer was passed on to its end, or opens a websocket. */
  default void answered(int status) {}

  /** The target could not be reached, or did not answer by HTTP. */
  default void failed(String reason) {}

  /** Data passed through a websocket, in either direction. */
  default void data() {}

  /** A websocket was opened. */
  default void opened(Tunnel websocket) {}

  /** A websocket has ended. */
  default void closed(Tunnel websocket) {}
}
