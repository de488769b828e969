package dev.sharder.examples.hub.server;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** All that came back for some bytes, a character for each byte; nothing where it was cut off. */
public record RawAnswers(List<RawAnswer> answers) {

  private static final int LONGEST_WAIT_MILLIS = 15_000;

  /** An answer as it was sent. */
  public record RawAnswer(int status, List<String> headers, String body) {

    public List<String> headers(String name) {
      return headers.stream()
          .filter(line -> line.regionMatches(true, 0, name + ":", 0, name.length() + 1))
          .map(line -> line.substring(name.length() + 1).strip())
          .toList();
    }
  }

  /** Sends the bytes and no more after them, and reads until the server hangs up. */
  public static RawAnswers to(int port, String request) throws IOException {
    ByteArrayOutputStream received = new ByteArrayOutputStream();
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(LONGEST_WAIT_MILLIS);
      send(socket, request.getBytes(StandardCharsets.ISO_8859_1));
      receive(socket.getInputStream(), received);
    }
    return parse(received.toString(StandardCharsets.ISO_8859_1));
  }

  private static void send(Socket socket, byte[] request) {
    try {
      OutputStream out = socket.getOutputStream();
      out.write(request);
      socket.shutdownOutput();
    } catch (IOException hungUp) {
      // It had enough; what it said before may still be there.
    }
  }

  private static void receive(InputStream in, ByteArrayOutputStream received) throws IOException {
    byte[] buffer = new byte[8_192];
    try {
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        received.write(buffer, 0, count);
      }
    } catch (java.net.SocketException reset) {
      // Hung up without a word; a time limit that passed is no SocketException.
    }
  }

  private static RawAnswers parse(String received) throws IOException {
    List<RawAnswer> answers = new ArrayList<>();
    int start = 0;
    while (start < received.length()) {
      int body = received.indexOf("\r\n\r\n", start) + 4;
      String head = body < 4 ? "" : received.substring(start, body - 4);
      if (!head.matches("(?s)HTTP/[01]\\.\\d [1-9]\\d\\d .*")) {
        throw new IOException("no HTTP: " + received.substring(start));
      }
      List<String> lines = List.of(head.split("\r\n"));
      List<String> headers = lines.subList(1, lines.size());
      int status = Integer.parseInt(head.substring(9, 12));
      int length =
          new RawAnswer(status, headers, "")
              .headers("Content-Length").stream().mapToInt(Integer::parseInt).findFirst().orElse(0);
      // What a HEAD is answered has a length and no body.
      start = Math.min(received.length(), body + length);
      answers.add(new RawAnswer(status, headers, received.substring(body, start)));
    }
    return new RawAnswers(answers);
  }
}
