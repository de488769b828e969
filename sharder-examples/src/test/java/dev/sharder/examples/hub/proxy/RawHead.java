package dev.sharder.examples.hub.proxy;

import java.util.List;

/**
 * The head of a request or an answer as it came.
 *
 * @param text all of it, with the empty line at its end
 */
record RawHead(String text) {

  /** Returns the first line. */
  String startLine() {
    return text.substring(0, text.indexOf("\r\n"));
  }

  /** Returns the method of a request. */
  String method() {
    return startLine().split(" ")[0];
  }

  /** Returns what a request asks for. */
  String uri() {
    return startLine().split(" ")[1];
  }

  /** Returns the status of an answer. */
  int status() {
    return Integer.parseInt(startLine().split(" ")[1]);
  }

  /** Returns the lines after the first. */
  List<String> fields() {
    return List.of(text.substring(0, text.length() - 4).split("\r\n")).stream().skip(1).toList();
  }

  /** Returns the values of all fields of this name, whatever its case. */
  List<String> values(String name) {
    return fields().stream()
        .filter(field -> field.regionMatches(true, 0, name + ":", 0, name.length() + 1))
        .map(field -> field.substring(name.length() + 1).strip())
        .toList();
  }

  /** Returns the value of the only field of this name; null if there is none. */
  String value(String name) {
    List<String> values = values(name);
    if (values.size() > 1) {
      throw new AssertionError("more than one " + name + ": " + text);
    }
    return values.isEmpty() ? null : values.get(0);
  }

  boolean isChunked() {
    return values("Transfer-Encoding").stream().anyMatch("chunked"::equalsIgnoreCase);
  }
}
