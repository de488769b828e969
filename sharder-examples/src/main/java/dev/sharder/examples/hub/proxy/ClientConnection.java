package dev.sharder.examples.hub.proxy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A client's connection: reads one request after the other, and hands each to an {@link Exchange}.
 * All its methods run on the connection's event loop.
 */
final class ClientConnection extends ChannelInboundHandlerAdapter {

  private static final Logger log = LoggerFactory.getLogger(ClientConnection.class);

  /** Reading pauses while this many bytes wait for a target, or for the request before them. */
  private static final int MOST_WAITING = 64 * 1024;

  private static final int TIMED_OUT = 408;

  private final ProxyLoop loop;
  private final Channel channel;
  private final HeadScanner scanner;
  private final ProxyLimits limits;
  private final InputBuffer in = new InputBuffer();

  private @Nullable Exchange exchange;
  private @Nullable WebSocketTunnel tunnel;
  private boolean processing;
  private boolean reading;

  /** Whether there was a request. */
  private boolean used;

  /** Set once nothing more is read as a request. */
  private boolean ending;

  /** When it began to wait for a request, for the rest of its head, or for the client to leave. */
  private long since = System.nanoTime();

  private final StallClock stalled;

  ClientConnection(ProxyLoop loop, Channel channel) {
    this.loop = loop;
    this.channel = channel;
    this.limits = loop.options().limits();
    this.scanner = new HeadScanner(limits.headBytes());
    this.stalled = new StallClock(channel, limits.stall());
  }

  Channel channel() {
    return channel;
  }

  ProxyLoop loop() {
    return loop;
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    loop.opened(this);
    readIfWanted();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf bytes = (ByteBuf) message;
    if (ending) {
      bytes.release();
    } else if (tunnel != null) {
      tunnel.fromClient(bytes);
    } else {
      if (in.isEmpty() && exchange == null && !isLineEnd(bytes)) {
        since = System.nanoTime();
      }
      in.add(ctx.alloc(), bytes);
      process();
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    reading = false;
    if (tunnel != null) {
      tunnel.flushTarget();
    } else if (exchange != null) {
      exchange.flushTarget();
    }
    readIfWanted();
  }

  /** Uses what has arrived, as far as that is possible now. */
  void process() {
    if (processing) {
      return;
    }
    processing = true;
    try {
      boolean more = true;
      while (more && !ending && tunnel == null && !in.isEmpty()) {
        more = exchange == null ? mayStart() && startExchange() : exchange.takeBody(in.bytes());
      }
    } catch (MalformedMessageException malformed) {
      refuse(malformed);
    } finally {
      processing = false;
    }
    in.trim();
    readIfWanted();
  }

  /** Answers of the proxy itself must not pile up before a client that does not read. */
  private boolean mayStart() {
    return channel.isWritable();
  }

  /** Starts an exchange if a whole head is there. */
  private boolean startExchange() throws MalformedMessageException {
    if (!skipEmptyLine()) {
      return false;
    }
    int length = scanner.scan(in.bytes());
    if (length < 0) {
      return false;
    }
    RequestHead request =
        new RequestHead(in.take(length), loop.peer(channel), loop.options().tls().isPresent());
    used = true;
    Exchange started = new Exchange(this, request);
    exchange = started;
    loop.options().listener().requested(request);
    started.start();
    return true;
  }

  private static boolean isLineEnd(ByteBuf bytes) {
    return bytes.readableBytes() <= 2 && bytes.getByte(bytes.readerIndex()) == '\r';
  }

  /**
   * Skips the empty line that some old clients send behind a body: RFC 9112, section 2.2.
   *
   * @return false if the rest of that line has not arrived yet
   */
  private boolean skipEmptyLine() {
    ByteBuf bytes = in.bytes();
    int start = bytes.readerIndex();
    if (scanner.hasBegun() || bytes.getByte(start) != '\r') {
      return true;
    }
    if (bytes.readableBytes() < 2) {
      // The scanner must not see this byte: what it has seen stays where it is.
      return false;
    }
    if (bytes.getByte(start + 1) == '\n') {
      bytes.skipBytes(2);
    }
    return true;
  }

  private void refuse(MalformedMessageException malformed) {
    log.debug("a request from {} is refused: {}", channel.remoteAddress(), malformed.getMessage());
    Exchange broken = exchange;
    if (broken == null || !broken.isAnswered()) {
      Decision.Answer answer =
          Decision.Answer.text(malformed.status(), "text/plain", malformed.getMessage() + "\n");
      loop.options().listener().answered(malformed.status(), 0);
      write(HeadWriter.own(channel.alloc(), answer, HeadWriter.Ending.CLOSES));
      write(Unpooled.wrappedBuffer(answer.body()));
      endAfterAnswer();
    } else {
      abort();
    }
    if (broken != null) {
      exchange = null;
      broken.clientFailed();
    }
  }

  /** Discards what has arrived of a body that no one reads. */
  void discardBody(BodyDecoder unwanted) {
    try {
      int before = -1;
      while (before != in.size()) {
        before = in.size();
        ByteBuf piece = unwanted.next(in.bytes());
        if (piece != null) {
          piece.release();
        }
      }
    } catch (MalformedMessageException malformed) {
      log.debug("a body that no one reads is malformed: {}", malformed.getMessage());
    }
  }

  /** Continues after an exchange: with the next request, or by closing. */
  void exchangeEnded(HeadWriter.Ending what) {
    exchange = null;
    since = System.nanoTime();
    if (what == HeadWriter.Ending.CLOSES || loop.isDraining()) {
      endAfterAnswer();
    } else {
      channel.flush();
      process();
    }
  }

  /** Ends the connection so that what was written arrives, although the client may still send. */
  private void endAfterAnswer() {
    ending = true;
    since = System.nanoTime();
    in.release();
    Channels.closeGently(channel);
    readIfWanted();
  }

  /** From now on bytes are those of a websocket. */
  void switchTo(WebSocketTunnel opened) {
    exchange = null;
    tunnel = opened;
    ByteBuf early = in.takeAll();
    if (early.isReadable()) {
      opened.fromClient(early);
      opened.flushTarget();
    } else {
      early.release();
    }
    readIfWanted();
  }

  /** Writes without a flush. */
  void write(ByteBuf bytes) {
    Channels.write(channel, bytes);
  }

  void flush() {
    channel.flush();
  }

  boolean isWritable() {
    return channel.isWritable();
  }

  /** Ends the connection so that the client does not take what it got for the whole. */
  void abort() {
    ending = true;
    Channels.reset(channel);
  }

  /** Ends the connection after what was written. */
  void closeGently() {
    tunnel = null;
    endAfterAnswer();
  }

  void readIfWanted() {
    boolean wanted = ending || (tunnel != null ? tunnel.wantsFromClient() : wantsRequest());
    if (wanted && !reading) {
      reading = true;
      channel.read();
    }
  }

  /** A head has a limit of its own, at which the scanner refuses it. */
  private boolean wantsRequest() {
    return exchange == null ? mayStart() : in.size() < MOST_WAITING;
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (channel.isWritable()) {
      if (tunnel != null) {
        tunnel.clientWritable();
      } else if (exchange != null) {
        exchange.clientWritable();
      } else {
        process();
      }
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    ending = true;
    loop.closed(this);
    in.release();
    if (tunnel != null) {
      tunnel.clientClosed();
    }
    Exchange left = exchange;
    exchange = null;
    if (left != null) {
      left.clientFailed();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (Channels.isDefect(cause)) {
      log.error("an error on the connection of {}", channel.remoteAddress(), cause);
      abort();
    } else {
      log.debug("the connection of {} failed: {}", channel.remoteAddress(), cause.toString());
      Channels.close(channel);
    }
  }

  /** Ends what has lasted too long; called a few times a second. */
  void check(long now) {
    if (stalled.isOver(now)) {
      log.debug("{} takes nothing any more", channel.remoteAddress());
      abort();
    } else if (tunnel != null) {
      tunnel.check(now);
    } else if (exchange != null) {
      exchange.check(now);
    } else if (Channels.unsent(channel) > 0) {
      // The client is waited for once it has all of the answer.
      since = now;
    } else {
      checkWaiting(now);
    }
  }

  private void checkWaiting(long now) {
    boolean isOver = now - since > patience().toNanos();
    if (isOver && !in.isEmpty()) {
      timedOut();
    } else if (isOver || (in.isEmpty() && !ending && loop.isDraining())) {
      Channels.close(channel);
    }
  }

  private Duration patience() {
    if (ending) {
      return limits.linger();
    }
    return used && in.isEmpty() ? limits.idle() : limits.head();
  }

  /** Refuses a request that does not arrive to its end. */
  void timedOut() {
    refuse(new MalformedMessageException(TIMED_OUT, "the request did not arrive in time"));
  }

  /** Returns whether a request is under way, or the end of its answer. */
  boolean isBusy() {
    return tunnel == null && (exchange != null || Channels.unsent(channel) > 0);
  }

  /** Ends the connection at once; a client that lacks part of an answer sees that it does. */
  void cut() {
    if (isBusy()) {
      abort();
    } else {
      Channels.close(channel);
    }
  }

  @Nullable WebSocketTunnel tunnel() {
    return tunnel;
  }
}
