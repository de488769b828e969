package dev.sharder.examples.hub.proxy;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelOutputShutdownException;
import java.nio.channels.ClosedChannelException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection to a target: carries one exchange after the other, and waits in the pool between
 * them. All its methods run on the event loop of the clients it serves.
 */
final class TargetConnection extends ChannelInboundHandlerAdapter {

  private static final Logger log = LoggerFactory.getLogger(TargetConnection.class);

  private static final String NOT_HTTP = "its answer is not HTTP/1.1: ";

  private static final int MOST_HEAD_BYTES = 256 * 1024;

  private final Target target;
  private final Channel channel;
  private final TargetPool pool;
  private final HeadScanner scanner = new HeadScanner(MOST_HEAD_BYTES);
  private final InputBuffer in = new InputBuffer();
  private final StallClock stalled;

  private @Nullable Exchange exchange;
  private @Nullable WebSocketTunnel tunnel;

  /** Of the answer that is being read; null before its head. */
  private @Nullable BodyDecoder body;

  private boolean persistent;
  private boolean used;
  private boolean reading;
  private boolean ending;

  /** Set once nothing more will be read. */
  private boolean lastBytes;

  /** Null unless the connection ended by an error, rather than in an orderly way. */
  private @Nullable String failure;

  private long idleSince;

  TargetConnection(Target target, Channel channel, TargetPool pool) {
    this.target = target;
    this.channel = channel;
    this.pool = pool;
    this.stalled = new StallClock(channel, pool.limits().stall());
  }

  Target target() {
    return target;
  }

  /** Returns whether it has carried an exchange before, so that the target may have left it. */
  boolean isUsed() {
    return used;
  }

  boolean isOpen() {
    return channel.isActive() && !ending;
  }

  boolean isWritable() {
    return channel.isWritable();
  }

  long idleSince() {
    return idleSince;
  }

  /** Sends the head of a request, and reads the answer. */
  void begin(Exchange begun, ByteBuf head) {
    exchange = begun;
    body = null;
    stalled.restart();
    write(head);
    readIfWanted();
  }

  /** Writes without a flush. */
  void write(ByteBuf bytes) {
    Channels.write(channel, bytes);
  }

  void flush() {
    channel.flush();
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    pool.opened();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf bytes = (ByteBuf) message;
    if (tunnel != null && !ending) {
      tunnel.fromTarget(bytes);
      return;
    }
    if (ending) {
      bytes.release();
      return;
    }
    if (exchange == null) {
      // It answers what was not asked.
      bytes.release();
      close();
      return;
    }
    in.add(ctx.alloc(), bytes);
    process();
  }

  /** Goes on with what has arrived, and reads more. */
  void resume() {
    process();
    readIfWanted();
  }

  private void process() {
    Exchange reader = exchange;
    if (reader == null) {
      return;
    }
    try {
      process(reader);
    } catch (MalformedMessageException malformed) {
      fail(NOT_HTTP + malformed.getMessage());
    } catch (RuntimeException | Error defect) {
      abandon();
      reader.giveUp(defect);
    }
    in.trim();
  }

  private void process(Exchange reader) throws MalformedMessageException {
    while (exchange == reader && !in.isEmpty() && mayPass(reader)) {
      if (body == null) {
        if (!readHead(reader)) {
          return;
        }
      } else {
        int before = in.size();
        ByteBuf piece = body.next(in.bytes());
        if (piece != null) {
          reader.answerPiece(piece);
        }
        endIfDone(reader);
        if (in.size() == before) {
          return;
        }
      }
    }
    if (exchange == null && !in.isEmpty()) {
      // What stands behind an answer answers nothing.
      close();
    }
  }

  private boolean mayPass(Exchange reader) {
    return body == null || lastBytes || reader.wantsAnswer();
  }

  private boolean readHead(Exchange reader) throws MalformedMessageException {
    ResponseHead.checkStart(in.bytes());
    int length = scanner.scan(in.bytes());
    if (length < 0) {
      return false;
    }
    ResponseHead head = new ResponseHead(in.take(length));
    if (head.isInterim()) {
      reader.interim(head);
    } else if (head.status() == 101) {
      reader.switched(head);
    } else {
      BodyDecoder framed = head.body(reader.request().method());
      persistent = head.isPersistent() && !framed.isToEnd();
      body = framed;
      reader.answerHead(head, framed);
      endIfDone(reader);
    }
    return true;
  }

  private void endIfDone(Exchange reader) {
    if (exchange == reader && body != null && body.isDone()) {
      finish(reader);
    }
  }

  private void finish(Exchange reader) {
    exchange = null;
    used = true;
    // A target that has answered before it read the body might read it as the next request.
    if (persistent && isOpen() && !reader.request().hasBody() && in.isEmpty()) {
      idleSince = System.nanoTime();
      pool.put(this);
    } else {
      close();
    }
    reader.answerEnd();
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    reading = false;
    if (tunnel != null) {
      tunnel.flushClient();
    } else if (exchange != null) {
      exchange.flushClient();
    }
    readIfWanted();
  }

  /** Reads if someone takes what comes; while idle, to notice that the target leaves. */
  void readIfWanted() {
    boolean wanted =
        tunnel != null ? tunnel.wantsFromTarget() : exchange == null || exchange.wantsAnswer();
    if ((wanted || ending) && !reading) {
      reading = true;
      channel.read();
    }
  }

  /** From now on bytes are those of a websocket. */
  void switchTo(WebSocketTunnel opened) {
    exchange = null;
    tunnel = opened;
    ByteBuf early = in.takeAll();
    if (early.isReadable()) {
      opened.fromTarget(early);
    } else {
      early.release();
    }
    readIfWanted();
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (channel.isWritable()) {
      if (tunnel != null) {
        tunnel.targetWritable();
      } else if (exchange != null) {
        exchange.targetWritable();
      }
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    ending = true;
    // What came before the end is passed on even to a client that is slow.
    lastBytes = true;
    process();
    in.release();
    pool.closed(this);
    if (tunnel != null) {
      tunnel.targetClosed();
    }
    Exchange left = exchange;
    if (left == null) {
      return;
    }
    exchange = null;
    if (body != null && body.isToEnd() && failure == null) {
      left.answerEnd();
    } else {
      left.targetFailed(this, failure == null ? "it closed the connection" : failure);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (cause instanceof ChannelOutputShutdownException
        || cause instanceof ClosedChannelException) {
      // It takes no more of the request, but may have answered already: reading shows. The error is
      // reported once, so after it even a broken connection seems to end in an orderly way.
      if (failure == null && cause.getCause() != null && !Channels.isBrokenPipe(cause.getCause())) {
        failure = String.valueOf(cause.getCause().getMessage());
      }
      return;
    }
    if (failure == null) {
      failure = String.valueOf(cause.getMessage());
    }
    if (Channels.isDefect(cause)) {
      log.error("an error on a connection to {}", target, cause);
    }
    close();
  }

  /** Ends the connection, and fails the exchange on it with this reason. */
  void fail(String why) {
    failure = why;
    close();
  }

  /** Ends the connection, and an exchange on it. */
  void close() {
    ending = true;
    Channels.close(channel);
  }

  /** Ends the connection without failing the exchange, which has ended by itself. */
  void abandon() {
    exchange = null;
    close();
  }

  /** Ends the connection after what was written, and lets the target end it from its side. */
  void closeGently() {
    ending = true;
    tunnel = null;
    Channels.closeGently(channel);
    // No one looks after it any more.
    Channels.closeIn(channel, pool.limits().linger());
    readIfWanted();
  }

  /** Ends the connection soon, after what was written if the target takes it. */
  void closeSoon() {
    ending = true;
    tunnel = null;
    Channels.closeSoon(channel);
  }

  /** Returns whether the target takes nothing any more of what waits for it. */
  boolean isStalled(long now) {
    return stalled.isOver(now);
  }
}
