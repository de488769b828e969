package dev.sharder.examples.hub.proxy;

import io.undertow.Undertow;
import io.undertow.websockets.WebSocketProtocolHandshakeHandler;
import io.undertow.websockets.core.AbstractReceiveListener;
import io.undertow.websockets.core.BufferedBinaryMessage;
import io.undertow.websockets.core.BufferedTextMessage;
import io.undertow.websockets.core.CloseMessage;
import io.undertow.websockets.core.WebSocketChannel;
import io.undertow.websockets.core.WebSockets;
import io.undertow.websockets.core.protocol.version13.Hybi13Handshake;
import io.undertow.websockets.extensions.PerMessageDeflateHandshake;
import io.undertow.websockets.spi.WebSocketHttpExchange;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A websocket server, Undertow's, that sends every message back and notes what else it hears. */
final class WebSocketServer implements AutoCloseable {

  static final String PROTOCOL = "v1.kernel.websocket.jupyter.org";

  private final Undertow server;
  private final List<WebSocketChannel> channels = new CopyOnWriteArrayList<>();
  private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();

  private WebSocketServer() {
    WebSocketProtocolHandshakeHandler handshake =
        new WebSocketProtocolHandshakeHandler(
            Set.of(new Hybi13Handshake(Set.of(PROTOCOL), false)), this::connected);
    handshake.addExtension(new PerMessageDeflateHandshake());
    this.server = Undertow.builder().addHttpListener(0, "127.0.0.1").setHandler(handshake).build();
    server.start();
  }

  static WebSocketServer start() {
    return new WebSocketServer();
  }

  private void connected(WebSocketHttpExchange exchange, WebSocketChannel channel) {
    channels.add(channel);
    channel.getReceiveSetter().set(new Echo());
    channel.resumeReceives();
  }

  private final class Echo extends AbstractReceiveListener {

    @Override
    protected void onFullTextMessage(WebSocketChannel channel, BufferedTextMessage message) {
      WebSockets.sendText(message.getData(), channel, null);
    }

    @Override
    protected void onFullBinaryMessage(WebSocketChannel channel, BufferedBinaryMessage message) {
      WebSockets.sendBinary(
          WebSockets.mergeBuffers(message.getData().getResource()), channel, null);
    }

    @Override
    protected void onFullPongMessage(WebSocketChannel channel, BufferedBinaryMessage message) {
      ByteBuffer content = WebSockets.mergeBuffers(message.getData().getResource());
      heard.add("pong " + StandardCharsets.UTF_8.decode(content));
    }

    @Override
    protected void onCloseMessage(CloseMessage message, WebSocketChannel channel) {
      heard.add("close " + message.getCode() + " " + message.getReason());
    }

    @Override
    protected long getMaxTextBufferSize() {
      return -1;
    }

    @Override
    protected long getMaxBinaryBufferSize() {
      return -1;
    }
  }

  int port() {
    return ((InetSocketAddress) server.getListenerInfo().get(0).getAddress()).getPort();
  }

  /** Returns the first connection. */
  WebSocketChannel channel() {
    Eventually.holds("a client is connected", () -> !channels.isEmpty());
    return channels.get(0);
  }

  /** Returns what was heard next: a pong, or the close of a client. */
  String heard() throws InterruptedException {
    String next = heard.poll(RawConnection.PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    if (next == null) {
      throw new AssertionError("nothing was heard");
    }
    return next;
  }

  @Override
  public void close() throws IOException {
    for (WebSocketChannel channel : channels) {
      channel.close();
    }
    server.stop();
  }
}
