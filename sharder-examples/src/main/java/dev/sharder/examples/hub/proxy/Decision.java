package dev.sharder.examples.hub.proxy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** What the proxy does with a request. */
public sealed interface Decision {

  /**
   * The request is carried to a target.
   *
   * @param target where to
   * @param uri the path and query to ask for, as Latin-1 characters that are sent byte for byte
   * @param edits how the header fields change on the way
   * @param traffic is notified of what happens to the request
   */
  record Forward(Target target, String uri, HeaderEdits edits, Traffic traffic)
      implements Decision {}

  /**
   * The proxy answers with one of its error pages.
   *
   * @param status such as 404
   * @param reason a sentence for the person who reads the page
   */
  record Refuse(int status, String reason) implements Decision {}

  /**
   * The proxy answers by itself.
   *
   * @param status such as 200
   * @param headers header fields of the answer, such as Content-Type, without its length
   * @param body what follows them
   */
  record Answer(int status, Map<String, String> headers, ByteBuffer body) implements Decision {

    public Answer {
      checkText(headers);
      headers = Map.copyOf(headers);
      body = body.asReadOnlyBuffer();
    }

    /** Returns an answer of text. */
    public static Answer text(int status, String type, String text) {
      return new Answer(
          status,
          Map.of("Content-Type", type + "; charset=utf-8"),
          ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
    }
  }

  /**
   * How header fields change on the way to the target.
   *
   * @param remove names to leave out; '-' and '_' are the same in them, and so are upper and lower
   *     case
   * @param set names and values to set, instead of any there are
   */
  record HeaderEdits(List<String> remove, Map<String, String> set) {

    /** Changes nothing. */
    public static final HeaderEdits NONE = new HeaderEdits(List.of(), Map.of());

    public HeaderEdits {
      checkText(set);
      remove = List.copyOf(remove);
      set = Map.copyOf(set);
    }
  }

  /** Refuses what would end a header field too soon. */
  private static void checkText(Map<String, String> headers) {
    headers.forEach(
        (name, value) -> {
          if ((name + value).chars().anyMatch(c -> c < ' ' || c == 0x7f)) {
            throw new IllegalArgumentException(
                "the header field '%s' holds a control character".formatted(name));
          }
        });
  }
}
