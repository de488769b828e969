package dev.sharder.examples.hub.proxy.chp;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Walks over the segments of a path as a request has it: percent-encoded, each byte a character.
 *
 * <p>The path is decoded before it is split, so {@code %2F} separates segments as a slash does.
 * Slashes at the start and at the end count as one. A percent sign without two hexadecimal digits
 * stands for itself, and so does a segment that is not UTF-8.
 */
final class RawPath {

  private static final int ESCAPE = 3;
  private static final int HEX = 16;
  private static final char LAST_ASCII = 0x7f;

  private final String raw;
  private final int end;

  /** Where the next segment begins. */
  private int next;

  /** Where the last segment ended. */
  private int last;

  /**
   * Starts at the first segment.
   *
   * @param uri a path, perhaps with a query
   */
  RawPath(String uri) {
    this.raw = uri;
    int query = uri.indexOf('?');
    this.end = query < 0 ? uri.length() : query;
    while (slashAt(next) > 0) {
      next += slashAt(next);
    }
  }

  /** Returns all segments of a path, decoded. */
  static List<String> segments(String uri) {
    RawPath path = new RawPath(uri);
    List<String> segments = new ArrayList<>();
    while (path.hasNext()) {
      segments.add(path.next());
    }
    while (!segments.isEmpty() && segments.get(segments.size() - 1).isEmpty()) {
      segments.remove(segments.size() - 1);
    }
    return segments;
  }

  boolean hasNext() {
    return next < end;
  }

  /** Returns the next segment, decoded. */
  String next() {
    int from = next;
    boolean isPlain = true;
    int at = from;
    while (at < end && slashAt(at) == 0) {
      isPlain &= raw.charAt(at) != '%' && raw.charAt(at) <= LAST_ASCII;
      at++;
    }
    last = at;
    next = at + slashAt(at);
    String segment = raw.substring(from, at);
    return isPlain ? segment : decoded(segment);
  }

  /** Returns where in the path the last segment ended; 0 before the first. */
  int position() {
    return last;
  }

  /** Returns how many characters the slash here has; 0 if there is none. */
  private int slashAt(int at) {
    if (at >= end) {
      return 0;
    }
    char c = raw.charAt(at);
    if (c == '/') {
      return 1;
    }
    return c == '%' && at + ESCAPE <= end && raw.regionMatches(true, at, "%2F", 0, ESCAPE)
        ? ESCAPE
        : 0;
  }

  private static String decoded(String segment) {
    ByteBuffer bytes = ByteBuffer.allocate(segment.length());
    for (int i = 0; i < segment.length(); i++) {
      int escaped = segment.charAt(i) == '%' ? escaped(segment, i) : -1;
      bytes.put((byte) (escaped < 0 ? segment.charAt(i) : escaped));
      i += escaped < 0 ? 0 : ESCAPE - 1;
    }
    try {
      CharBuffer text = StandardCharsets.UTF_8.newDecoder().decode(bytes.flip());
      return text.toString();
    } catch (CharacterCodingException notUtf8) {
      return segment;
    }
  }

  /** Returns the byte that is written at a percent sign; -1 if there is none. */
  private static int escaped(String segment, int at) {
    if (at + ESCAPE > segment.length()) {
      return -1;
    }
    int high = Character.digit(segment.charAt(at + 1), HEX);
    int low = Character.digit(segment.charAt(at + 2), HEX);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
  }
}
