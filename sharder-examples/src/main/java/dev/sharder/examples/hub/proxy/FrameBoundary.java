package dev.sharder.examples.hub.proxy;

import io.netty.buffer.ByteBuf;

/** Where websocket frames end in the bytes of one direction (RFC 6455, section 5.2). */
final class FrameBoundary {

  private static final int SHORTEST_HEADER = 2;
  private static final int MASK = 0x80;
  private static final int LENGTH = 0x7f;
  private static final int LENGTH_IN_TWO_BYTES = 126;
  private static final int LENGTH_IN_EIGHT_BYTES = 127;
  private static final int MASK_BYTES = 4;

  /** How many bytes of the present frame's header are known. */
  private int header;

  private int headerSize = SHORTEST_HEADER;
  private int lengthBytes;
  private int masked;
  private long length;

  /** How many bytes of the present frame's content are still to come. */
  private long content;

  /** Returns whether the bytes that passed end with a frame. */
  boolean isBetweenFrames() {
    return header == 0 && content == 0;
  }

  /** Passes all of these bytes, which stay unread. */
  void pass(ByteBuf bytes) {
    int at = bytes.readerIndex();
    while (at < bytes.writerIndex()) {
      at = step(bytes, at);
    }
  }

  /**
   * Passes bytes to the end of the frame that is under way; none if none is.
   *
   * @return how many bytes passed
   */
  int passOne(ByteBuf bytes) {
    int at = bytes.readerIndex();
    while (at < bytes.writerIndex() && !isBetweenFrames()) {
      at = step(bytes, at);
    }
    return at - bytes.readerIndex();
  }

  private int step(ByteBuf bytes, int at) {
    if (content > 0) {
      int passed = (int) Math.min(content, bytes.writerIndex() - at);
      content -= passed;
      return at + passed;
    }
    headerByte(bytes.getUnsignedByte(at));
    return at + 1;
  }

  private void headerByte(int value) {
    if (header == 1) {
      masked = value & MASK;
      length = value & LENGTH;
      lengthBytes =
          length == LENGTH_IN_TWO_BYTES ? 2 : length == LENGTH_IN_EIGHT_BYTES ? Long.BYTES : 0;
      length = lengthBytes == 0 ? length : 0;
      headerSize = SHORTEST_HEADER + lengthBytes + (masked == 0 ? 0 : MASK_BYTES);
    } else if (header >= SHORTEST_HEADER && header < SHORTEST_HEADER + lengthBytes) {
      length = length << Byte.SIZE | value;
    }
    header++;
    if (header == headerSize) {
      content = length;
      header = 0;
      headerSize = SHORTEST_HEADER;
    }
  }
}
