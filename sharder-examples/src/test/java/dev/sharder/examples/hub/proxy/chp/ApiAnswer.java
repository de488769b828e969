package dev.sharder.examples.hub.proxy.chp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.List;

/** What an API answers to a request that was written to its socket as it is. */
record ApiAnswer(int status, List<String> headers, String body) {

  /** The token of the APIs under test. */
  static final String TOKEN = "secret!";

  private static final int LONGEST_WAIT_MILLIS = 15_000;
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** Asks with the token. */
  static ApiAnswer to(int port, String method, String path, String body) throws IOException {
    return to(port, method, path, body, "Authorization: token " + TOKEN);
  }

  /** Asks with other header fields. */
  static ApiAnswer to(int port, String method, String path, String body, String fields)
      throws IOException {
    byte[] bytes = body.getBytes(UTF_8);
    // Of HTTP/1.0, so that the answer is not chunked and ends with the connection.
    String head =
        "%s %s HTTP/1.0\r\nHost: localhost\r\nContent-Length: %d\r\n%s\r\n\r\n"
            .formatted(method, path, bytes.length, fields);
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(LONGEST_WAIT_MILLIS);
      socket.getOutputStream().write(head.getBytes(ISO_8859_1));
      socket.getOutputStream().write(bytes);
      return of(new String(socket.getInputStream().readAllBytes(), UTF_8));
    }
  }

  static ApiAnswer of(String received) {
    int end = received.indexOf("\r\n\r\n");
    if (end < 0) {
      throw new AssertionError("no answer: " + received);
    }
    List<String> lines = List.of(received.substring(0, end).split("\r\n", -1));
    return new ApiAnswer(
        Integer.parseInt(lines.get(0).substring(9, 12)),
        lines.subList(1, lines.size()),
        received.substring(end + 4));
  }

  JsonNode json() throws IOException {
    return MAPPER.readTree(body);
  }
}
