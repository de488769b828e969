package dev.sharder.examples.hub.proxy;

import io.netty.buffer.ByteBuf;

/** The status line and the header fields of an answer, as they came. Immutable. */
final class ResponseHead extends MessageHead {

  private static final String VERSION = "HTTP/1.";
  private static final int STATUS = "HTTP/1.1 ".length();
  private static final int DIGITS = 3;

  private final int status;
  private final boolean http11;
  private final String line;

  ResponseHead(byte[] bytes) throws MalformedMessageException {
    super(bytes);
    int end = lineEnd(0);
    if (end < STATUS + DIGITS
        || !text(0, VERSION.length()).equals(VERSION)
        || at(VERSION.length()) < '0'
        || at(VERSION.length()) > '9'
        || at(STATUS - 1) != ' ') {
      throw new MalformedMessageException("it does not begin with HTTP/1.1 and a status");
    }
    this.http11 = at(VERSION.length()) != '0';
    this.status = status(STATUS);
    for (int i = STATUS + DIGITS; i < end; i++) {
      if (!isText(at(i)) || (i == STATUS + DIGITS && at(i) != ' ')) {
        throw new MalformedMessageException("its status line is malformed");
      }
    }
    this.line = text(STATUS, end);
  }

  /** Refuses bytes that no answer begins with, although there may be few of them yet. */
  static void checkStart(ByteBuf in) throws MalformedMessageException {
    for (int i = 0; i < Math.min(VERSION.length(), in.readableBytes()); i++) {
      if (in.getByte(in.readerIndex() + i) != VERSION.charAt(i)) {
        throw new MalformedMessageException("it does not begin with HTTP/1.1 and a status");
      }
    }
  }

  private int status(int from) throws MalformedMessageException {
    int number = 0;
    for (int i = from; i < from + DIGITS; i++) {
      if (at(i) < '0' || at(i) > '9') {
        throw new MalformedMessageException("its status is not a number");
      }
      number = 10 * number + at(i) - '0';
    }
    if (number < 100) {
      throw new MalformedMessageException("its status is less than 100");
    }
    return number;
  }

  int status() {
    return status;
  }

  /** Returns the status with the reason behind it, as they came. */
  String statusLine() {
    return line;
  }

  /** Returns whether this is not yet the answer, but says that it comes. */
  boolean isInterim() {
    return status < 200 && status != 101;
  }

  /** Returns whether no body may follow, so that a length would be wrong. */
  boolean hasNoContent() {
    return status < 200 || status == 204;
  }

  /** Returns how the body is framed, if it answers this method. */
  BodyDecoder body(String method) throws MalformedMessageException {
    boolean chunked = isChunked();
    var length = contentLength();
    if (method.equals("HEAD") || status < 200 || status == 204 || status == 304) {
      return BodyDecoder.ofLength(0);
    }
    if (chunked) {
      return BodyDecoder.chunked();
    }
    return length.isPresent() ? BodyDecoder.ofLength(length.getAsLong()) : BodyDecoder.toEnd();
  }

  @Override
  boolean isHttp11() {
    return http11;
  }
}
