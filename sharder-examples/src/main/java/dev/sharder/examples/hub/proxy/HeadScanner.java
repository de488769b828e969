package dev.sharder.examples.hub.proxy;

import io.netty.buffer.ByteBuf;

/** Finds the end of a head in bytes that arrive little by little; each byte is looked at once. */
final class HeadScanner {

  private static final byte CR = '\r';
  private static final byte LF = '\n';

  private final int limit;

  /** Where the next line begins, counted from the first byte of the head. */
  private int line;

  private int scanned;

  /**
   * Creates a scanner.
   *
   * @param limit the most bytes of a head, with the empty line at its end
   */
  HeadScanner(int limit) {
    this.limit = limit;
  }

  /** Returns whether some bytes of a head were looked at, and its end has not been found. */
  boolean hasBegun() {
    return scanned > 0;
  }

  /**
   * Returns how many bytes the head has, with the empty line at its end; -1 if more are to come.
   *
   * @param in the same bytes as before, and those that came since
   * @throws MalformedMessageException if a line ends without a carriage return, or the head is too
   *     large
   */
  int scan(ByteBuf in) throws MalformedMessageException {
    int start = in.readerIndex();
    while (true) {
      int feed = in.indexOf(start + scanned, in.writerIndex(), LF);
      int end = feed < 0 ? in.readableBytes() : feed - start + 1;
      if (end > limit) {
        throw new MalformedMessageException(
            431, "the request line and the header fields are longer than " + limit + " bytes");
      }
      scanned = end;
      if (feed < 0) {
        return -1;
      }
      if (end - line < 2 || in.getByte(feed - 1) != CR) {
        throw new MalformedMessageException("a line of the head ends without a carriage return");
      }
      if (end == 2) {
        throw new MalformedMessageException("the head begins with an empty line");
      }
      if (end - line == 2) {
        reset();
        return end;
      }
      line = end;
    }
  }

  private void reset() {
    line = 0;
    scanned = 0;
  }
}
