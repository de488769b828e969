package dev.sharder.examples.hub.proxy.chp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * A target that answers each request with what it asked for, as JSON. It reads nothing into it: the
 * link and the header fields are as they came.
 */
final class EchoTarget implements AutoCloseable {

  private static final int BACKLOG = 50;

  private final ServerSocket server;

  /** The status and header fields of its answers. */
  private volatile String head = "200 OK";

  EchoTarget() throws IOException {
    server = new ServerSocket(0, BACKLOG, InetAddress.getLoopbackAddress());
    Thread thread = new Thread(this::serve, "echo target");
    thread.setDaemon(true);
    thread.start();
  }

  int port() {
    return server.getLocalPort();
  }

  String url() {
    return "http://127.0.0.1:" + port();
  }

  /** Answers with this from now on, such as {@code 301 Moved\r\nLocation: /x}. */
  EchoTarget answering(String with) {
    head = with;
    return this;
  }

  private void serve() {
    while (!server.isClosed()) {
      try (Socket client = server.accept()) {
        answer(client);
      } catch (IOException ended) {
        // The next client may fare better.
      }
    }
  }

  private void answer(Socket client) throws IOException {
    BufferedReader in =
        new BufferedReader(new InputStreamReader(client.getInputStream(), ISO_8859_1));
    String asked = in.readLine();
    if (asked == null) {
      return;
    }
    Map<String, String> fields = new TreeMap<>();
    for (String line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
      String[] parts = line.split(":", 2);
      fields.put(parts[0].toLowerCase(Locale.ROOT), parts[1].strip());
    }
    byte[] body =
        new ObjectMapper()
            .writeValueAsBytes(
                Map.of("url", asked.split(" ", -1)[1], "headers", fields, "port", port()));
    client
        .getOutputStream()
        .write(
            "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
                .formatted(head, body.length)
                .getBytes(ISO_8859_1));
    client.getOutputStream().write(body);
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
