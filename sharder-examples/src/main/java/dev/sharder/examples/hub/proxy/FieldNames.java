package dev.sharder.examples.hub.proxy;

import io.netty.util.AsciiString;
import java.util.List;

/** The names of header fields that the proxy knows, in lower case. */
final class FieldNames {

  static final AsciiString CONNECTION = AsciiString.of("connection");
  static final AsciiString CONTENT_LENGTH = AsciiString.of("content-length");
  static final AsciiString FORWARDED = AsciiString.of("forwarded");
  static final AsciiString HOST = AsciiString.of("host");
  static final AsciiString LOCATION = AsciiString.of("location");
  static final AsciiString TRANSFER_ENCODING = AsciiString.of("transfer-encoding");
  static final AsciiString UPGRADE = AsciiString.of("upgrade");
  static final AsciiString X_FORWARDED_FOR = AsciiString.of("x-forwarded-for");
  static final AsciiString X_FORWARDED_HOST = AsciiString.of("x-forwarded-host");
  static final AsciiString X_FORWARDED_PORT = AsciiString.of("x-forwarded-port");
  static final AsciiString X_FORWARDED_PROTO = AsciiString.of("x-forwarded-proto");
  static final AsciiString X_REAL_IP = AsciiString.of("x-real-ip");
  static final AsciiString X_SCHEME = AsciiString.of("x-scheme");

  /** Those that are for one connection alone: RFC 9110, section 7.6.1, and older ones. */
  static final List<AsciiString> HOP_BY_HOP =
      List.of(
          CONNECTION,
          AsciiString.of("keep-alive"),
          AsciiString.of("proxy-connection"),
          AsciiString.of("proxy-authorization"),
          AsciiString.of("proxy-authenticate"),
          AsciiString.of("te"),
          AsciiString.of("trailer"),
          TRANSFER_ENCODING,
          UPGRADE);

  private FieldNames() {}
}
