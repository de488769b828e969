package dev.sharder.examples.hub.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.examples.hub.cli.HubSharder;
import dev.sharder.examples.hub.config.SettingsReader;
import dev.sharder.examples.hub.proxy.Eventually;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A hub sharder on a free port, and a client that sends exactly the given bytes. */
public record RunningHub(HubServer server) implements AutoCloseable {

  /** What nginx proves itself by, where the settings name it. */
  public static final String SECRET = "nginx-and-the-sharder-alone-know-this";

  /** What the metrics say once an answer came from memory. */
  private static final Pattern IN_MEMORY = Pattern.compile("result=\"memory\"\\} [1-9]");

  public static final String OF_NGINX = "X-Sharder-Secret: " + SECRET;

  /** What a cookie has behind its name and value. */
  static final String COOKIE_ATTRIBUTES = "; Path=/; HttpOnly; SameSite=Lax";

  /** What came back, header by header as it was sent. */
  public record HubAnswer(int status, List<String> headers, String body) {

    public String header(String name) {
      List<String> values = headers(name);
      return values.size() == 1 ? values.get(0) : values.toString();
    }

    public List<String> headers(String name) {
      String start = name.toLowerCase() + ": ";
      return headers.stream()
          .filter(line -> line.toLowerCase().startsWith(start))
          .map(line -> line.substring(start.length()))
          .toList();
    }
  }

  /** Starts one whose settings are read as the command reads them. */
  public static RunningHub start(String database, Path config, String... bins) {
    return new RunningHub(
        HubServer.start(
            SettingsReader.read(config, "127.0.0.1:0", database, List.of(bins), Map.of())));
  }

  public static RunningHub start(String database, String... bins) {
    return start(database, null, bins);
  }

  /** Runs a command of the program on a database, beside whatever serves it. */
  public static void command(String database, String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("--database", database));
    assertThat(HubSharder.commandLine().execute(all.toArray(String[]::new))).isZero();
  }

  public int port() {
    return server.port();
  }

  public HubAnswer get(String target, String user) throws IOException {
    return ask("GET", target, "REMOTE_USER: " + user);
  }

  /** Asks for a known user until the answer is in memory: none is before changes are followed. */
  public void remember(String user) throws Exception {
    Eventually.await(
        () -> {
          get("/shard", user);
          return ask("GET", "/metrics", "Host: localhost").body();
        },
        IN_MEMORY.asPredicate());
  }

  /** Returns the cookie that a user is sent back with. */
  String cookie(String user) throws IOException {
    return get("/shard", user).header("Set-Cookie");
  }

  /** Asks as nginx does. */
  public HubAnswer ask(String method, String target, String... headers) throws IOException {
    return askAsAnyone(
        method,
        target,
        Stream.concat(Stream.of(OF_NGINX), Stream.of(headers)).toArray(String[]::new));
  }

  /** Asks as any program on this machine can. */
  public HubAnswer askAsAnyone(String method, String target, String... headers) throws IOException {
    List<String> lines = new ArrayList<>(List.of(method + " " + target + " HTTP/1.1"));
    if (Stream.of(headers).noneMatch(header -> header.startsWith("Host: "))) {
      lines.add("Host: evil.example");
    }
    lines.addAll(List.of(headers));
    lines.add("Connection: close");
    return send(port(), String.join("\r\n", lines) + "\r\n\r\n");
  }

  /** Sends UTF-8 and reads the answer to its end, a character for each byte. */
  public static HubAnswer send(int port, String request) throws IOException {
    return send(port, request.getBytes(StandardCharsets.UTF_8));
  }

  public static HubAnswer send(int port, byte[] request) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(20_000);
      OutputStream out = socket.getOutputStream();
      out.write(request);
      out.flush();
      InputStream in = socket.getInputStream();
      return parse(new String(in.readAllBytes(), StandardCharsets.ISO_8859_1));
    }
  }

  private static HubAnswer parse(String response) {
    int end = response.indexOf("\r\n\r\n");
    List<String> lines = List.of(response.substring(0, end).split("\r\n"));
    int status = Integer.parseInt(lines.get(0).split(" ")[1]);
    return new HubAnswer(status, lines.subList(1, lines.size()), response.substring(end + 4));
  }

  @Override
  public void close() {
    server.close();
  }
}
