package dev.sharder.examples.hub.proxy;

/** An open websocket. Thread-safe. */
public interface Tunnel {

  /**
   * Ends the websocket: both ends get a close frame after the frame that is on its way, and then
   * the end of the connection.
   *
   * @param code such as 1001, going away
   * @param reason a few words, at most 123 bytes in UTF-8
   */
  void close(int code, String reason);
}
