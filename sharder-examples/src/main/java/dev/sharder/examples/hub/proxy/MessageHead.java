package dev.sharder.examples.hub.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.netty.buffer.ByteBuf;
import io.netty.util.AsciiString;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The start line and the header fields of a message, as they came. The grammar is that of RFC 9112,
 * without what it allows for old software: what two programs could read differently is refused.
 */
abstract class MessageHead {

  static final int CRLF = '\r' << 8 | '\n';

  private static final int PARTS = 4;
  private static final int FIELDS_AT_FIRST = 24;
  private static final int MOST_DIGITS = 18;

  /** The characters of a token: names of fields, and methods. */
  private static final boolean[] TOKEN = new boolean[256];

  /** The characters of a value: all but controls, of which a tab is allowed. */
  private static final boolean[] TEXT = new boolean[256];

  static {
    for (char c = '!'; c <= '~'; c++) {
      TOKEN[c] = "\"(),/:;<=>?@[\\]{}".indexOf(c) < 0;
    }
    for (int c = ' '; c < TEXT.length; c++) {
      TEXT[c] = c != 0x7f;
    }
    TEXT['\t'] = true;
  }

  private final byte[] bytes;

  /** For each field: where its name and its value begin and end. */
  private int[] fields = new int[PARTS * FIELDS_AT_FIRST];

  private int count;
  private final Set<String> connection;

  /**
   * Reads the fields.
   *
   * @param bytes the whole head, with the empty line at its end; each line ends in CR LF
   */
  MessageHead(byte[] bytes) throws MalformedMessageException {
    this.bytes = bytes;
    int line = lineEnd(0) + 2;
    while (bytes[line] != '\r') {
      line = field(line) + 2;
    }
    // Each field is looked for among them.
    this.connection = Set.copyOf(tokens(FieldNames.CONNECTION));
  }

  /** Returns where the line ends that this position is in. */
  final int lineEnd(int from) throws MalformedMessageException {
    int end = from;
    while (bytes[end] != '\r') {
      end++;
    }
    if (bytes[end + 1] != '\n') {
      throw new MalformedMessageException("a carriage return stands within a line of the head");
    }
    return end;
  }

  private int field(int start) throws MalformedMessageException {
    int colon = start;
    while (TOKEN[bytes[colon] & 0xff]) {
      colon++;
    }
    if (colon == start || bytes[colon] != ':') {
      throw new MalformedMessageException(
          "a line of the head does not begin with the name of a field and a colon");
    }
    int value = colon + 1;
    while (isBlank(bytes[value])) {
      value++;
    }
    int end = value;
    while (TEXT[bytes[end] & 0xff]) {
      end++;
    }
    if (bytes[end] != '\r' || bytes[end + 1] != '\n') {
      throw new MalformedMessageException("a header field holds a control character");
    }
    int valueEnd = end;
    while (valueEnd > value && isBlank(bytes[valueEnd - 1])) {
      valueEnd--;
    }
    add(start, colon, value, valueEnd);
    return end;
  }

  private void add(int name, int nameEnd, int value, int valueEnd) {
    int at = PARTS * count++;
    if (at == fields.length) {
      fields = Arrays.copyOf(fields, 2 * at);
    }
    fields[at] = name;
    fields[at + 1] = nameEnd;
    fields[at + 2] = value;
    fields[at + 3] = valueEnd;
  }

  private static boolean isBlank(byte c) {
    return c == ' ' || c == '\t';
  }

  static boolean isToken(byte c) {
    return TOKEN[c & 0xff];
  }

  static boolean isText(byte c) {
    return TEXT[c & 0xff];
  }

  /** Returns a part of the head as Latin-1 characters. */
  final String text(int start, int end) {
    return new String(bytes, start, end - start, ISO_8859_1);
  }

  final byte at(int index) {
    return bytes[index];
  }

  /** Returns how many header fields there are. */
  final int count() {
    return count;
  }

  /** Returns whether a field has this name, which is in lower case. */
  final boolean isNamed(int field, AsciiString name) {
    int start = fields[PARTS * field];
    return fields[PARTS * field + 1] - start == name.length() && startsWith(start, name);
  }

  private boolean startsWith(int start, AsciiString lower) {
    for (int i = 0; i < lower.length(); i++) {
      if (AsciiString.toLowerCase((char) (bytes[start + i] & 0xff)) != lower.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** Returns whether a field has this name if case is ignored, and '_' is the same as '-'. */
  final boolean isNamedLike(int field, CharSequence name) {
    int start = fields[PARTS * field];
    if (fields[PARTS * field + 1] - start != name.length()) {
      return false;
    }
    for (int i = 0; i < name.length(); i++) {
      if (plain((char) (bytes[start + i] & 0xff)) != plain(name.charAt(i))) {
        return false;
      }
    }
    return true;
  }

  private static char plain(char c) {
    return c == '_' ? '-' : AsciiString.toLowerCase(c);
  }

  final String name(int field) {
    return text(fields[PARTS * field], fields[PARTS * field + 1]);
  }

  final String value(int field) {
    return text(fields[PARTS * field + 2], fields[PARTS * field + 3]);
  }

  /** Writes a field as it came, with the end of its line. */
  final void writeField(int field, ByteBuf out) {
    int start = fields[PARTS * field];
    out.writeBytes(bytes, start, fields[PARTS * field + 3] - start);
    out.writeShort(CRLF);
  }

  /** Returns the number of the first field with this name, or -1. */
  final int find(AsciiString name) {
    for (int i = 0; i < count; i++) {
      if (isNamed(i, name)) {
        return i;
      }
    }
    return -1;
  }

  /** Returns the value of the first field with this name, or null. */
  final @Nullable String value(AsciiString name) {
    int field = find(name);
    return field < 0 ? null : value(field);
  }

  /** Returns the values of all fields with this name, in order, as Latin-1 characters. */
  public final List<String> values(String name) {
    AsciiString lower = AsciiString.of(name.toLowerCase(Locale.ROOT));
    List<String> values = new ArrayList<>(1);
    for (int i = 0; i < count; i++) {
      if (isNamed(i, lower)) {
        values.add(value(i));
      }
    }
    return values;
  }

  /** Returns the members of a list that may be in several fields, in lower case. */
  final List<String> tokens(AsciiString name) {
    List<String> tokens = List.of();
    for (int i = 0; i < count; i++) {
      if (isNamed(i, name)) {
        tokens = tokens.isEmpty() ? new ArrayList<>() : tokens;
        for (String token : value(i).split(",", -1)) {
          tokens.add(token.strip().toLowerCase(Locale.ROOT));
        }
      }
    }
    return tokens;
  }

  /** Returns whether the field Connection has this option, which is in lower case. */
  final boolean hasConnectionOption(String option) {
    return connection.contains(option);
  }

  /** Returns whether a field is for the next hop alone, so that no one passes it on. */
  final boolean isHopByHop(int field) {
    for (AsciiString name : FieldNames.HOP_BY_HOP) {
      if (isNamed(field, name)) {
        return true;
      }
    }
    return !connection.isEmpty()
        && connection.contains(name(field).toLowerCase(Locale.ROOT))
        && !isNamed(field, FieldNames.CONTENT_LENGTH)
        && !isNamed(field, FieldNames.HOST);
  }

  /**
   * Returns how the field Transfer-Encoding frames the body: whether it is there, and then that it
   * is exactly "chunked".
   */
  final boolean isChunked() throws MalformedMessageException {
    int field = find(FieldNames.TRANSFER_ENCODING);
    if (field < 0) {
      return false;
    }
    if (values("transfer-encoding").size() > 1
        || !value(field).equalsIgnoreCase("chunked")
        || find(FieldNames.CONTENT_LENGTH) >= 0
        || !isHttp11()) {
      throw new MalformedMessageException(
          "the end of the body is in doubt: use one Transfer-Encoding, chunked, without a Content-Length, in HTTP/1.1");
    }
    return true;
  }

  /** Returns the value of the field Content-Length; empty if there is none. */
  final OptionalLong contentLength() throws MalformedMessageException {
    int field = find(FieldNames.CONTENT_LENGTH);
    if (field < 0) {
      return OptionalLong.empty();
    }
    String digits = value(field);
    if (values("content-length").size() > 1
        || digits.isEmpty()
        || digits.length() > MOST_DIGITS
        || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
      throw new MalformedMessageException(
          "the end of the body is in doubt: use one Content-Length, of digits only");
    }
    return OptionalLong.of(Long.parseLong(digits));
  }

  /** Returns whether the version is HTTP/1.1, rather than 1.0. */
  abstract boolean isHttp11();

  /** Returns whether the connection stays open after this message, as far as its sender says. */
  final boolean isPersistent() {
    return isHttp11() && !hasConnectionOption("close");
  }
}
