package dev.sharder.examples.hub.proxy;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.util.function.Consumer;

/** Writes a body in chunks (RFC 9112, section 7.1). */
final class Chunks {

  private static final ByteBuf LINE_END = constant("\r\n");
  private static final ByteBuf LAST = constant("0\r\n\r\n");

  /** Sixteen hexadecimal digits and a line end, at most. */
  private static final int SIZE_BYTES = 18;

  private Chunks() {}

  private static ByteBuf constant(String text) {
    byte[] bytes = text.getBytes(US_ASCII);
    return Unpooled.unreleasableBuffer(
        Unpooled.directBuffer(bytes.length).writeBytes(bytes).asReadOnly());
  }

  /** Writes these bytes as a chunk. */
  static void write(ByteBuf content, Consumer<ByteBuf> to) {
    ByteBuf size = ByteBufAllocator.DEFAULT.buffer(SIZE_BYTES);
    size.writeCharSequence(Integer.toHexString(content.readableBytes()), US_ASCII);
    to.accept(size.writeShort(MessageHead.CRLF));
    to.accept(content);
    to.accept(LINE_END.duplicate());
  }

  /** Writes the end of the body. */
  static void writeLast(Consumer<ByteBuf> to) {
    to.accept(LAST.duplicate());
  }
}
