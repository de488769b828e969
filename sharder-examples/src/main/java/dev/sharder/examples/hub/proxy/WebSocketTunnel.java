package dev.sharder.examples.hub.proxy;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * An open websocket: carries bytes both ways as they come. It looks at nothing but where frames
 * end, so that it can close the websocket between two of them.
 */
final class WebSocketTunnel implements Tunnel {

  private static final int CLOSE = 0x88;
  private static final int MASKED = 0x80;
  private static final int MASK_BYTES = 4;
  private static final int LONGEST_REASON = 123;

  /** How long the end of a frame is waited for before the websocket is cut. */
  private static final Duration LIMIT = Duration.ofSeconds(2);

  private final ClientConnection client;
  private final TargetConnection target;
  private final Traffic traffic;
  private final EventLoop eventLoop;
  private final FrameBoundary toClient = new FrameBoundary();
  private final FrameBoundary toTarget = new FrameBoundary();

  /** The close frame's content, once the websocket is to end. */
  private byte @Nullable [] closing;

  private boolean clientDone;
  private boolean targetDone;
  private boolean closed;

  WebSocketTunnel(ClientConnection client, TargetConnection target, Traffic traffic) {
    this.client = client;
    this.target = target;
    this.traffic = traffic;
    this.eventLoop = client.channel().eventLoop();
  }

  void start() {
    traffic.opened(this);
  }

  void fromClient(ByteBuf bytes) {
    traffic.data();
    if (targetDone) {
      bytes.release();
    } else {
      target.write(upToBoundary(toTarget, bytes));
      endIfDue();
    }
  }

  void fromTarget(ByteBuf bytes) {
    traffic.data();
    if (clientDone) {
      bytes.release();
    } else {
      client.write(upToBoundary(toClient, bytes));
      endIfDue();
    }
  }

  /** Returns the bytes, without those behind the frame that is under way if it is the last. */
  private ByteBuf upToBoundary(FrameBoundary boundary, ByteBuf bytes) {
    if (closing == null) {
      boundary.pass(bytes);
      return bytes;
    }
    int length = boundary.passOne(bytes);
    return bytes.slice(bytes.readerIndex(), length);
  }

  @Override
  public void close(int code, String reason) {
    byte[] text = reason.getBytes(UTF_8);
    if (text.length > LONGEST_REASON) {
      throw new IllegalArgumentException(
          "the reason '%s' is longer than %d bytes; shorten it".formatted(reason, LONGEST_REASON));
    }
    byte[] content = new byte[2 + text.length];
    content[0] = (byte) (code >> Byte.SIZE);
    content[1] = (byte) code;
    System.arraycopy(text, 0, content, 2, text.length);
    eventLoop.execute(
        () -> {
          if (closing == null && !closed) {
            closing = content;
            endIfDue();
            flushClient();
            flushTarget();
            var end = eventLoop.schedule(this::cut, LIMIT.toMillis(), TimeUnit.MILLISECONDS);
            client.channel().closeFuture().addListener(gone -> end.cancel(false));
          }
        });
  }

  /** Sends the close frames that are due, each between two frames. */
  private void endIfDue() {
    if (closing == null || closed) {
      return;
    }
    if (!clientDone && toClient.isBetweenFrames()) {
      clientDone = true;
      client.write(closeFrame(closing, 0));
    }
    if (!targetDone && toTarget.isBetweenFrames()) {
      targetDone = true;
      target.write(closeFrame(closing, MASKED));
    }
    if (clientDone && targetDone) {
      end();
      client.closeGently();
      target.closeGently();
    }
  }

  /**
   * Ends a websocket in which a frame never ends, or which the target takes nothing of any more.
   */
  private void cut() {
    if (!closed) {
      end();
      client.abort();
      target.close();
    }
  }

  void check(long now) {
    if (target.isStalled(now)) {
      cut();
    }
  }

  private static ByteBuf closeFrame(byte[] content, int masked) {
    ByteBuf frame = Unpooled.buffer(2 + MASK_BYTES + content.length);
    frame.writeByte(CLOSE).writeByte(masked | content.length);
    byte[] mask = new byte[MASK_BYTES];
    if (masked != 0) {
      ThreadLocalRandom.current().nextBytes(mask);
      frame.writeBytes(mask);
    }
    for (int i = 0; i < content.length; i++) {
      frame.writeByte(content[i] ^ mask[i % MASK_BYTES]);
    }
    return frame;
  }

  void flushClient() {
    client.flush();
  }

  void flushTarget() {
    target.flush();
  }

  boolean wantsFromClient() {
    return target.isWritable();
  }

  boolean wantsFromTarget() {
    return client.isWritable();
  }

  void clientWritable() {
    target.readIfWanted();
  }

  void targetWritable() {
    client.readIfWanted();
  }

  void clientClosed() {
    if (!closed) {
      end();
      target.closeSoon();
    }
  }

  void targetClosed() {
    if (!closed) {
      end();
      client.closeGently();
    }
  }

  private void end() {
    closed = true;
    traffic.closed(this);
  }
}
