package dev.sharder.examples.hub.proxy;

/** The opening handshake of a websocket, as RFC 6455 shows it. */
final class RawHandshake {

  static final String FIELDS =
      "Host: hub\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
          + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

  static final String REQUEST = "GET /ws HTTP/1.1\r\n" + FIELDS + "\r\n";

  /** The head of the answer, to which fields can be added. */
  static final String ACCEPTED =
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
          + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

  private RawHandshake() {}
}
