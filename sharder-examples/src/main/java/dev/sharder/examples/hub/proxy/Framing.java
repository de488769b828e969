package dev.sharder.examples.hub.proxy;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.util.function.Consumer;

/** How a body is written, so that its reader sees where it ends. */
enum Framing {

  /** Its bytes alone: a length in the head, or the end of the connection, shows its end. */
  PLAIN {
    @Override
    void write(ByteBuf piece, Consumer<ByteBuf> to) {
      to.accept(piece);
    }

    @Override
    void writeEnd(Consumer<ByteBuf> to) {}
  },

  /** In chunks: RFC 9112, section 7.1. */
  CHUNKED {
    @Override
    void write(ByteBuf piece, Consumer<ByteBuf> to) {
      ByteBuf size = ByteBufAllocator.DEFAULT.buffer(SIZE_BYTES);
      size.writeCharSequence(Integer.toHexString(piece.readableBytes()), US_ASCII);
      to.accept(size.writeShort(MessageHead.CRLF));
      to.accept(piece);
      to.accept(LINE_END.duplicate());
    }

    @Override
    void writeEnd(Consumer<ByteBuf> to) {
      to.accept(LAST_CHUNK.duplicate());
    }
  };

  private static final ByteBuf LINE_END = constant("\r\n");
  private static final ByteBuf LAST_CHUNK = constant("0\r\n\r\n");

  /** Eight hexadecimal digits and a line end, at most. */
  private static final int SIZE_BYTES = 10;

  private static ByteBuf constant(String text) {
    byte[] bytes = text.getBytes(US_ASCII);
    return Unpooled.unreleasableBuffer(
        Unpooled.directBuffer(bytes.length).writeBytes(bytes).asReadOnly());
  }

  /** Writes a piece of the body, which is not empty. */
  abstract void write(ByteBuf piece, Consumer<ByteBuf> to);

  /** Writes what follows the last piece. */
  abstract void writeEnd(Consumer<ByteBuf> to);
}
