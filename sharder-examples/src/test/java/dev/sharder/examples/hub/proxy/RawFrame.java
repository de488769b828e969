package dev.sharder.examples.hub.proxy;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A frame of a websocket, as RFC 6455 has it.
 *
 * @param first the first byte: whether it is the last of its message, and what it is
 * @param masked whether its content is masked, as that of clients is
 * @param content its content, unmasked
 */
record RawFrame(int first, boolean masked, byte[] content) {

  static final int TEXT = 0x81;
  static final int FIRST_OF_TEXT = 0x01;
  static final int MORE = 0x00;
  static final int LAST = 0x80;
  static final int BINARY = 0x82;
  static final int CLOSE = 0x88;
  static final int PING = 0x89;
  static final int PONG = 0x8a;

  private static final byte[] MASK = {0x37, (byte) 0xfa, 0x21, 0x3d};
  private static final int MASKED = 0x80;

  /** Returns a frame of a client. */
  static RawFrame ofClient(int first, String content) {
    return new RawFrame(first, true, content.getBytes(UTF_8));
  }

  /** Returns a frame of a server. */
  static RawFrame ofServer(int first, String content) {
    return new RawFrame(first, false, content.getBytes(UTF_8));
  }

  /** Returns a close frame. */
  static RawFrame closing(boolean masked, int code, String reason) {
    byte[] text = reason.getBytes(UTF_8);
    byte[] content = ByteBuffer.allocate(2 + text.length).putShort((short) code).put(text).array();
    return new RawFrame(CLOSE, masked, content);
  }

  /** Reads the next frame. */
  static RawFrame read(RawConnection connection) throws IOException {
    byte[] start = connection.exactly(2);
    int length = start[1] & 0x7f;
    if (length == 126) {
      length = ByteBuffer.wrap(connection.exactly(2)).getShort() & 0xffff;
    } else if (length == 127) {
      length = Math.toIntExact(ByteBuffer.wrap(connection.exactly(8)).getLong());
    }
    boolean masked = (start[1] & MASKED) != 0;
    byte[] mask = masked ? connection.exactly(4) : new byte[4];
    return new RawFrame(start[0] & 0xff, masked, xor(connection.exactly(length), mask));
  }

  private static byte[] xor(byte[] content, byte[] mask) {
    for (int i = 0; i < content.length; i++) {
      content[i] ^= mask[i % mask.length];
    }
    return content;
  }

  /** Returns the bytes of the frame. */
  byte[] bytes() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.write(first);
    int mark = masked ? MASKED : 0;
    if (content.length < 126) {
      bytes.write(mark | content.length);
    } else if (content.length < 1 << 16) {
      bytes.write(mark | 126);
      bytes.writeBytes(ByteBuffer.allocate(2).putShort((short) content.length).array());
    } else {
      bytes.write(mark | 127);
      bytes.writeBytes(ByteBuffer.allocate(8).putLong(content.length).array());
    }
    if (masked) {
      bytes.writeBytes(MASK);
    }
    bytes.writeBytes(masked ? xor(content.clone(), MASK) : content);
    return bytes.toByteArray();
  }

  /** Returns the content of a text. */
  String text() {
    return new String(content, UTF_8);
  }

  /** Returns the code of a close frame. */
  int code() {
    return ByteBuffer.wrap(content).getShort();
  }

  /** Returns the reason of a close frame. */
  String reason() {
    return new String(content, 2, content.length - 2, UTF_8);
  }
}
