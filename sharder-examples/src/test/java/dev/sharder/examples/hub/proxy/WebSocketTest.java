package dev.sharder.examples.hub.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.undertow.websockets.core.WebSockets;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("A websocket of Java's client to Undertow's server")
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WebSocketTest {

  private static final HttpClient CLIENTS = HttpClient.newHttpClient();

  /** The mark of a message that is compressed. */
  private static final int COMPRESSED = 0x40;

  private static final byte[] TAIL = {0, 0, (byte) 0xff, (byte) 0xff};

  private WebSocketServer server;
  private ProxyUnderTest proxy;

  @BeforeEach
  void start() throws IOException {
    server = WebSocketServer.start();
    proxy = ProxyUnderTest.before(server.port());
  }

  @AfterEach
  void stop() throws IOException {
    proxy.close();
    server.close();
  }

  /** Notes what a client hears. */
  private static final class Client implements WebSocket.Listener {

    private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    private final StringBuilder text = new StringBuilder();
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
      text.append(part);
      if (last) {
        heard.add(text.toString());
        text.setLength(0);
      }
      socket.request(1);
      return null;
    }

    @Override
    public CompletionStage<?> onBinary(WebSocket socket, ByteBuffer part, boolean last) {
      byte[] some = new byte[part.remaining()];
      part.get(some);
      bytes.writeBytes(some);
      if (last) {
        heard.add(bytes.toString(StandardCharsets.ISO_8859_1));
        bytes.reset();
      }
      socket.request(1);
      return null;
    }

    @Override
    public CompletionStage<?> onPong(WebSocket socket, ByteBuffer content) {
      heard.add("pong " + StandardCharsets.UTF_8.decode(content));
      socket.request(1);
      return null;
    }

    @Override
    public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
      heard.add("close " + code + " " + reason);
      return null;
    }

    String next() throws InterruptedException {
      String next = heard.poll(RawConnection.PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
      assertThat(next).as("what the client heard").isNotNull();
      return next;
    }
  }

  private WebSocket connect(Client client) {
    return CLIENTS
        .newWebSocketBuilder()
        .subprotocols("other", WebSocketServer.PROTOCOL)
        .buildAsync(uri(), client)
        .join();
  }

  private URI uri() {
    return URI.create("ws://127.0.0.1:" + proxy.port() + "/user/ada/channels?session_id=1-2");
  }

  @Test
  @DisplayName("speaks the subprotocol that both know")
  void subprotocol() {
    assertThat(connect(new Client()).getSubprotocol()).isEqualTo(WebSocketServer.PROTOCOL);
  }

  @Test
  @DisplayName("carries messages of 1 MB, text and binary")
  void largeMessages() throws Exception {
    Client client = new Client();
    WebSocket socket = connect(client);
    String text = "gr\u00fc\u00dfe \u2713 ".repeat(100_000);
    socket.sendText(text, true).join();
    assertThat(client.next().equals(text)).isTrue();
    String bytes = "\0\u0001\u00fe\u00ff".repeat(1 << 18);
    socket.sendBinary(ByteBuffer.wrap(bytes.getBytes(StandardCharsets.ISO_8859_1)), true).join();
    assertThat(client.next().equals(bytes)).isTrue();
  }

  @Test
  @DisplayName("carries a message in fragments, with a ping between them")
  void fragments() throws Exception {
    Client client = new Client();
    WebSocket socket = connect(client);
    socket.sendText("one ", false).join();
    socket.sendPing(ByteBuffer.wrap("between".getBytes(StandardCharsets.UTF_8))).join();
    socket.sendText("two ", false).join();
    assertThat(client.next()).isEqualTo("pong between");
    socket.sendText("three", true).join();
    assertThat(client.next()).isEqualTo("one two three");
  }

  @Test
  @DisplayName("carries the server's ping, and the pong to it")
  void pingOfTheServer() throws Exception {
    connect(new Client());
    WebSockets.sendPing(
        ByteBuffer.wrap("you there?".getBytes(StandardCharsets.UTF_8)), server.channel(), null);
    assertThat(server.heard()).isEqualTo("pong you there?");
  }

  @Test
  @DisplayName("carries the client's close code and reason, and the answer to them")
  void closedByTheClient() throws Exception {
    Client client = new Client();
    connect(client).sendClose(4_001, "b\u00fcro closes").join();
    assertThat(server.heard()).isEqualTo("close 4001 b\u00fcro closes");
    assertThat(client.next()).startsWith("close 4001");
  }

  @Test
  @DisplayName("carries the server's close code and reason")
  void closedByTheServer() throws Exception {
    Client client = new Client();
    connect(client);
    WebSockets.sendClose(4_002, "kernel died", server.channel(), null);
    assertThat(client.next()).isEqualTo("close 4002 kernel died");
  }

  @Test
  @DisplayName("goes on while 100 others do, each with its own messages")
  void manyAtOnce() throws Exception {
    List<Client> clients = new ArrayList<>();
    List<WebSocket> sockets = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      clients.add(new Client());
      sockets.add(connect(clients.get(i)));
    }
    for (int round = 0; round < 3; round++) {
      for (int i = 0; i < sockets.size(); i++) {
        sockets.get(i).sendText(round + " of " + i, true).join();
      }
      for (int i = 0; i < sockets.size(); i++) {
        assertThat(clients.get(i).next()).isEqualTo(round + " of " + i);
      }
    }
    sockets.forEach(WebSocket::abort);
  }

  @Test
  @DisplayName("is compressed if the client asks for it")
  void compressed() throws Exception {
    String text = "the same again, ".repeat(10_000);
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send(
          "GET /ws HTTP/1.1\r\nHost: hub\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
              + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
              + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
      RawHead answer = client.head();
      assertThat(answer.status()).isEqualTo(101);
      assertThat(answer.value("Sec-WebSocket-Extensions")).startsWith("permessage-deflate");
      client.send(new RawFrame(COMPRESSED | RawFrame.TEXT, true, deflated(text)).bytes());
      assertThat(inflatedMessage(client).equals(text)).isTrue();
    }
  }

  /** Compresses as RFC 7692 has it: without the four bytes at the end that are always the same. */
  private static byte[] deflated(String text) {
    Deflater deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true);
    deflater.setInput(text.getBytes(StandardCharsets.UTF_8));
    byte[] bytes = new byte[text.length()];
    int length = deflater.deflate(bytes, 0, bytes.length, Deflater.SYNC_FLUSH);
    deflater.end();
    return Arrays.copyOf(bytes, length - TAIL.length);
  }

  private static String inflatedMessage(RawConnection client) throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    RawFrame frame = RawFrame.read(client);
    assertThat(frame.first() & COMPRESSED).isNotZero();
    bytes.writeBytes(frame.content());
    while ((frame.first() & RawFrame.LAST) == 0) {
      frame = RawFrame.read(client);
      bytes.writeBytes(frame.content());
    }
    bytes.writeBytes(TAIL);
    Inflater inflater = new Inflater(true);
    inflater.setInput(bytes.toByteArray());
    byte[] text = new byte[1 << 20];
    int length = inflater.inflate(text);
    inflater.end();
    return new String(text, 0, length, StandardCharsets.UTF_8);
  }
}
