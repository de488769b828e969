package dev.sharder.examples.hub.proxy;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Finds the content of a body in the bytes that carry it, and where it ends: by a length, by chunks
 * (RFC 9112, section 7.1) or by the end of the connection.
 */
final class BodyDecoder {

  /** The most hexadecimal digits of the size of a chunk, so that it fits into a long. */
  private static final int MOST_DIGITS = 15;

  private static final int LONGEST_LINE = 4_096;
  private static final int MOST_TRAILER_BYTES = 16_384;

  private enum State {
    CONTENT_OF_LENGTH,
    CONTENT_TO_END,
    CHUNK_SIZE,
    CHUNK_CONTENT,
    CHUNK_END,
    TRAILERS,
    DONE
  }

  private State state;
  private long left;
  private int trailerBytes;

  private BodyDecoder(State state, long left) {
    this.state = state;
    this.left = left;
  }

  /** Returns the decoder of a body with this many bytes. */
  static BodyDecoder ofLength(long length) {
    return new BodyDecoder(length == 0 ? State.DONE : State.CONTENT_OF_LENGTH, length);
  }

  /** Returns the decoder of a body in chunks. */
  static BodyDecoder chunked() {
    return new BodyDecoder(State.CHUNK_SIZE, 0);
  }

  /** Returns the decoder of a body that ends with the connection. */
  static BodyDecoder toEnd() {
    return new BodyDecoder(State.CONTENT_TO_END, Long.MAX_VALUE);
  }

  /** Returns whether the whole body was decoded. */
  boolean isDone() {
    return state == State.DONE;
  }

  /** Returns whether the body ends with the connection. */
  boolean isToEnd() {
    return state == State.CONTENT_TO_END;
  }

  /**
   * Returns the next piece of content, which its caller releases; null if there is none in these
   * bytes, or after the last one. Bytes behind the body stay.
   *
   * @throws MalformedMessageException if these are no chunks
   */
  @Nullable ByteBuf next(ByteBuf in) throws MalformedMessageException {
    while (in.isReadable()) {
      switch (state) {
        case CONTENT_OF_LENGTH, CONTENT_TO_END, CHUNK_CONTENT -> {
          return content(in);
        }
        case DONE -> {
          return null;
        }
        default -> {
          if (!readLine(in)) {
            return null;
          }
        }
      }
    }
    return null;
  }

  private ByteBuf content(ByteBuf in) {
    ByteBuf piece = in.readRetainedSlice((int) Math.min(left, in.readableBytes()));
    if (state != State.CONTENT_TO_END) {
      left -= piece.readableBytes();
      if (left == 0) {
        state = state == State.CHUNK_CONTENT ? State.CHUNK_END : State.DONE;
      }
    }
    return piece;
  }

  /** Reads a line between chunks; returns false if its end is not there yet. */
  private boolean readLine(ByteBuf in) throws MalformedMessageException {
    int start = in.readerIndex();
    int feed = in.indexOf(start, in.writerIndex(), (byte) '\n');
    if (feed < 0 ? in.readableBytes() > LONGEST_LINE : feed - start > LONGEST_LINE) {
      throw new MalformedMessageException("a line between the chunks of the body is too long");
    }
    if (feed < 0) {
      return false;
    }
    if (feed == start || in.getByte(feed - 1) != '\r') {
      throw new MalformedMessageException("a chunk's line ends without a carriage return");
    }
    line(in, start, feed - 1);
    in.readerIndex(feed + 1);
    return true;
  }

  private void line(ByteBuf in, int start, int end) throws MalformedMessageException {
    for (int i = start; i < end; i++) {
      if (!MessageHead.isText(in.getByte(i))) {
        throw new MalformedMessageException("a control character stands between two chunks");
      }
    }
    switch (state) {
      case CHUNK_SIZE -> {
        left = size(in, start, end);
        state = left == 0 ? State.TRAILERS : State.CHUNK_CONTENT;
      }
      case CHUNK_END -> {
        if (start != end) {
          throw new MalformedMessageException("a chunk is longer than its size says");
        }
        state = State.CHUNK_SIZE;
      }
      default -> trailer(in, start, end);
    }
  }

  private static long size(ByteBuf in, int start, int end) throws MalformedMessageException {
    long size = 0;
    int at = start;
    while (at < end && Character.digit(in.getByte(at), 16) >= 0) {
      size = 16 * size + Character.digit(in.getByte(at), 16);
      at++;
    }
    int digits = at - start;
    while (at < end && (in.getByte(at) == ' ' || in.getByte(at) == '\t')) {
      at++;
    }
    if (digits == 0 || digits > MOST_DIGITS || (at < end && in.getByte(at) != ';')) {
      throw new MalformedMessageException("the size of a chunk is not a hexadecimal number");
    }
    return size;
  }

  /** Reads a trailer, which goes no further. */
  private void trailer(ByteBuf in, int start, int end) throws MalformedMessageException {
    trailerBytes += end - start;
    if (trailerBytes > MOST_TRAILER_BYTES) {
      throw new MalformedMessageException(431, "the trailers of the body are too long");
    }
    if (start == end) {
      state = State.DONE;
      return;
    }
    int colon = start;
    while (colon < end && MessageHead.isToken(in.getByte(colon))) {
      colon++;
    }
    if (colon == start || colon == end || in.getByte(colon) != ':') {
      throw new MalformedMessageException(
          "a trailer does not begin with the name of a field and a colon");
    }
  }
}
