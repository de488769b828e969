package dev.sharder.examples.hub.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.util.AsciiString;
import io.undertow.util.StatusCodes;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Writes the heads that the proxy sends: those it passes on, and its own. */
final class HeadWriter {

  private static final AsciiString VERSION = AsciiString.of(" HTTP/1.1\r\n");
  private static final AsciiString STATUS = AsciiString.of("HTTP/1.1 ");
  private static final AsciiString CHUNKED = AsciiString.of("Transfer-Encoding: chunked\r\n");
  private static final AsciiString CLOSE = AsciiString.of("Connection: close\r\n");
  private static final AsciiString KEEP_ALIVE = AsciiString.of("Connection: keep-alive\r\n");
  private static final AsciiString WEBSOCKET =
      AsciiString.of("Connection: Upgrade\r\nUpgrade: websocket\r\n");

  /** Not Java's RFC_1123_DATE_TIME, which writes days below 10 with one digit. */
  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH)
          .withZone(ZoneOffset.UTC);

  private static final int USUAL_SIZE = 1_024;

  private final Rewrites rewrites;
  private final ProxyOptions options;

  HeadWriter(ProxyOptions options) {
    this.options = options;
    this.rewrites = options.rewrites();
  }

  /**
   * Returns the head that a target gets.
   *
   * @param trusted whether the client is a proxy that may say who it speaks for
   */
  ByteBuf request(
      ByteBufAllocator allocator, RequestHead request, Decision.Forward forward, boolean trusted) {
    ByteBuf out = allocator.buffer(USUAL_SIZE);
    text(out, request.method());
    out.writeByte(' ');
    text(out, forward.uri());
    ascii(out, VERSION);
    boolean newHost =
        rewrites.changeOrigin() || request.isAbsolute() || request.find(FieldNames.HOST) < 0;
    if (newHost) {
      boolean targets = rewrites.changeOrigin() || request.host().isEmpty();
      field(out, "Host", targets ? forward.target().authority() : request.host());
    }
    for (int i = 0; i < request.count(); i++) {
      if (!request.isHopByHop(i)
          && !(newHost && request.isNamed(i, FieldNames.HOST))
          && !isReplaced(request, i, forward.edits(), trusted)) {
        request.writeField(i, out);
      }
    }
    options
        .forwarded()
        .ifPresent(
            forwarded ->
                forwarded.write(
                    request,
                    trusted,
                    (name, value) -> {
                      if (!isSet(name, rewrites.fields()) && !isSet(name, forward.edits().set())) {
                        field(out, name, value);
                      }
                    }));
    fields(out, rewrites.fields());
    fields(out, forward.edits().set());
    if (request.hasChunkedBody()) {
      ascii(out, CHUNKED);
    }
    if (request.isWebSocket()) {
      ascii(out, WEBSOCKET);
    }
    return out.writeShort(MessageHead.CRLF);
  }

  private boolean isReplaced(
      RequestHead request, int field, Decision.HeaderEdits edits, boolean trusted) {
    return (options.forwarded().isPresent()
            && options.forwarded().get().drops(request, field, trusted))
        || isAmong(request, field, edits.remove())
        || isAmong(request, field, edits.set())
        || isAmong(request, field, rewrites.fields());
  }

  /** Returns whether a field is set to something else. */
  private static boolean isSet(String name, Map<String, String> set) {
    if (!set.isEmpty()) {
      for (String other : set.keySet()) {
        if (name.equalsIgnoreCase(other.replace('_', '-'))) {
          return true;
        }
      }
    }
    return false;
  }

  private static boolean isAmong(RequestHead request, int field, Map<String, String> set) {
    if (!set.isEmpty()) {
      for (String name : set.keySet()) {
        if (request.isNamedLike(field, name)) {
          return true;
        }
      }
    }
    return false;
  }

  private static boolean isAmong(RequestHead request, int field, List<String> names) {
    for (int i = 0; i < names.size(); i++) {
      if (request.isNamedLike(field, names.get(i))) {
        return true;
      }
    }
    return false;
  }

  /** Whether the connection ends with the answer. */
  enum Ending {
    STAYS_OPEN,
    CLOSES
  }

  /** Returns the head that a client gets. */
  ByteBuf answer(
      ByteBufAllocator allocator,
      ResponseHead answer,
      RequestHead request,
      Target target,
      Framing framing,
      Ending ending) {
    ByteBuf out = allocator.buffer(USUAL_SIZE);
    ascii(out, STATUS);
    text(out, answer.statusLine());
    out.writeShort(MessageHead.CRLF);
    for (int i = 0; i < answer.count(); i++) {
      if (!answer.isHopByHop(i)
          && !(answer.hasNoContent() && answer.isNamed(i, FieldNames.CONTENT_LENGTH))) {
        Optional<String> location =
            answer.isNamed(i, FieldNames.LOCATION)
                ? rewrites.location(answer.value(i), request, target)
                : Optional.empty();
        if (location.isPresent()) {
          field(out, answer.name(i), location.get());
        } else {
          answer.writeField(i, out);
        }
      }
    }
    if (answer.status() == StatusCodes.SWITCHING_PROTOCOLS) {
      return ascii(out, WEBSOCKET).writeShort(MessageHead.CRLF);
    }
    if (framing == Framing.CHUNKED) {
      ascii(out, CHUNKED);
    }
    if (ending == Ending.CLOSES) {
      ascii(out, CLOSE);
    } else if (request.hasConnectionOption("keep-alive") && !answer.isInterim()) {
      ascii(out, KEEP_ALIVE);
    }
    return out.writeShort(MessageHead.CRLF);
  }

  /** Returns the head of an answer that the proxy gives by itself. */
  static ByteBuf own(ByteBufAllocator allocator, Decision.Answer answer, Ending ending) {
    ByteBuf out = allocator.buffer(USUAL_SIZE);
    ascii(out, STATUS);
    text(out, answer.status() + " " + StatusCodes.getReason(answer.status()));
    out.writeShort(MessageHead.CRLF);
    field(out, "Date", date(Instant.now()));
    fields(out, answer.headers());
    field(out, "Content-Length", String.valueOf(answer.body().remaining()));
    if (ending == Ending.CLOSES) {
      ascii(out, CLOSE);
    }
    return out.writeShort(MessageHead.CRLF);
  }

  /** Returns a time as HTTP writes it: RFC 9110, section 5.6.7. */
  static String date(Instant time) {
    return DATE.format(time);
  }

  private static void fields(ByteBuf out, Map<String, String> fields) {
    if (!fields.isEmpty()) {
      fields.forEach((name, value) -> field(out, name, value));
    }
  }

  private static void field(ByteBuf out, String name, String value) {
    text(out, name);
    out.writeByte(':').writeByte(' ');
    text(out, value);
    out.writeShort(MessageHead.CRLF);
  }

  private static void text(ByteBuf out, String latin1) {
    out.writeCharSequence(latin1, ISO_8859_1);
  }

  private static ByteBuf ascii(ByteBuf out, AsciiString text) {
    ByteBufUtil.copy(text, out);
    return out;
  }
}
