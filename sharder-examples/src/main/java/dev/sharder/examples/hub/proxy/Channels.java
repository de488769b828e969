package dev.sharder.examples.hub.proxy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.socket.DuplexChannel;
import io.netty.channel.unix.Errors;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.SslHandler;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Operations on channels whose results no one waits for: a failure ends the channel, and its
 * handler notices that.
 */
@SuppressWarnings("FutureReturnValueIgnored")
final class Channels {

  private static final Duration SOON = Duration.ofSeconds(2);

  private Channels() {}

  /** Writes without a flush. */
  static void write(Channel channel, ByteBuf bytes) {
    channel.write(bytes, channel.voidPromise());
  }

  /** Returns how many bytes were written that the system has not taken yet. */
  static long unsent(Channel channel) {
    ChannelOutboundBuffer waiting = channel.unsafe().outboundBuffer();
    return waiting == null ? 0 : waiting.totalPendingWriteBytes();
  }

  /** Ends a connection at once. */
  static void close(Channel channel) {
    channel.close();
  }

  /** Ends a connection by a reset, which its other side cannot take for an orderly end. */
  static void reset(Channel channel) {
    if (channel.isOpen() && channel.remoteAddress() instanceof InetSocketAddress) {
      channel.config().setOption(ChannelOption.SO_LINGER, 0);
    }
    // Not by way of TLS, which would say first that this is the orderly end.
    channel.unsafe().close(channel.voidPromise());
  }

  /**
   * Ends a connection, after what was written, whose other side may still send. To close it at once
   * would answer these bytes with a reset, and a reset destroys what the other side has not read
   * yet. So only our side is shut; the channel's handler throws away what comes, and its owner ends
   * the connection if the other side does not.
   */
  static void closeGently(Channel channel) {
    channel
        .writeAndFlush(Unpooled.EMPTY_BUFFER)
        .addListener(written -> shut(channel, written.isSuccess()));
  }

  /** Ends a connection after what was written, or shortly if the other side does not take it. */
  static void closeSoon(Channel channel) {
    channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
    closeIn(channel, SOON);
  }

  /** Ends a connection after so long. */
  static void closeIn(Channel channel, Duration limit) {
    var end =
        channel.eventLoop().schedule(() -> close(channel), limit.toMillis(), TimeUnit.MILLISECONDS);
    channel.closeFuture().addListener(closed -> end.cancel(false));
  }

  /**
   * Returns whether this is an error of the program, rather than of a network or another program.
   */
  static boolean isDefect(Throwable cause) {
    return cause instanceof Error
        || (cause instanceof RuntimeException && !(cause instanceof DecoderException));
  }

  /** Returns whether a write failed because the other side had ended in an orderly way before. */
  static boolean isBrokenPipe(Throwable cause) {
    return cause instanceof Errors.NativeIoException error
        ? error.expectedErr() == Errors.ERRNO_EPIPE_NEGATIVE
        : "Broken pipe".equals(cause.getMessage());
  }

  private static void shut(Channel channel, boolean written) {
    SslHandler tls = channel.pipeline().get(SslHandler.class);
    if (!written || !(channel instanceof DuplexChannel duplex)) {
      channel.close();
    } else if (tls == null) {
      duplex.shutdownOutput().addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
    } else {
      tls.closeOutbound().addListener(sent -> duplex.shutdownOutput());
    }
  }
}
