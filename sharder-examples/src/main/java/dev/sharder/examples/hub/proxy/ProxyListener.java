package dev.sharder.examples.hub.proxy;

/** Is notified of all requests to a proxy, for its meters. Called on I/O threads. */
public interface ProxyListener {

  /** Does nothing. */
  ProxyListener NONE = new ProxyListener() {};

  /** A request was read. */
  default void requested(RequestHead request) {}

  /**
   * A request was answered, by a target or by the proxy.
   *
   * @param nanos how long that took, to the end of the answer; for a websocket, to its opening
   */
  default void answered(int status, long nanos) {}
}
