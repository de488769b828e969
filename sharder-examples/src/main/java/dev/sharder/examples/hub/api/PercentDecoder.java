package dev.sharder.examples.hub.api;

import dev.sharder.examples.hub.http.ProblemException;
import io.undertow.util.StatusCodes;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Decodes the parts of a URL exactly once: percent-encoded bytes in UTF-8. */
final class PercentDecoder {

  private PercentDecoder() {}

  /** Decodes a path segment, in which a plus stays a plus. */
  static String decoded(String raw) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(raw.length());
    for (int i = 0; i < raw.length(); i++) {
      char c = raw.charAt(i);
      if (c == '%') {
        bytes.write(digit(raw, i + 1) << 4 | digit(raw, i + 2));
        i += 2;
      } else {
        // The server passes each byte as a character.
        bytes.write(c);
      }
    }
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes.toByteArray()))
          .toString();
    } catch (CharacterCodingException malformed) {
      throw malformed("is not UTF-8; encode names as UTF-8, then percent-encode them");
    }
  }

  /** Decodes the parameters of a query, in which a plus is a space. */
  static Map<String, List<String>> parameters(String query) {
    Map<String, List<String>> parameters = new LinkedHashMap<>();
    for (String pair : query.split("&", -1)) {
      if (!pair.isEmpty()) {
        String[] parts = pair.replace('+', ' ').split("=", 2);
        String value = parts.length == 1 ? "" : decoded(parts[1]);
        parameters.computeIfAbsent(decoded(parts[0]), name -> new ArrayList<>()).add(value);
      }
    }
    return parameters;
  }

  private static int digit(String raw, int at) {
    int digit = at < raw.length() ? Character.digit(raw.charAt(at), 16) : -1;
    if (digit < 0) {
      throw malformed(
          "has a '%' without two hexadecimal digits after it; write '%25' for a percent sign");
    }
    return digit;
  }

  private static ProblemException malformed(String what) {
    return new ProblemException(StatusCodes.BAD_REQUEST, "the URL " + what);
  }
}
