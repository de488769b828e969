package dev.sharder.examples.hub.proxy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.ByteToMessageDecoder;

/** Bytes that have arrived on a connection and were not used yet. */
final class InputBuffer {

  private ByteBuf bytes = Unpooled.EMPTY_BUFFER;

  /** Adds bytes behind those that are there; takes them over. */
  void add(ByteBufAllocator allocator, ByteBuf more) {
    bytes = ByteToMessageDecoder.MERGE_CUMULATOR.cumulate(allocator, bytes, more);
  }

  /** Returns the bytes; what is read from them is used. */
  ByteBuf bytes() {
    return bytes;
  }

  boolean isEmpty() {
    return !bytes.isReadable();
  }

  int size() {
    return bytes.readableBytes();
  }

  /** Returns the next bytes as an array, and uses them. */
  byte[] take(int count) {
    byte[] taken = new byte[count];
    bytes.readBytes(taken);
    return taken;
  }

  /** Returns all bytes, which the caller releases, and holds none. */
  ByteBuf takeAll() {
    ByteBuf all = bytes;
    bytes = Unpooled.EMPTY_BUFFER;
    return all;
  }

  /** Gives memory back if all bytes are used, so that an idle connection holds none. */
  void trim() {
    if (isEmpty()) {
      release();
    }
  }

  void release() {
    bytes.release();
    bytes = Unpooled.EMPTY_BUFFER;
  }
}
