package dev.sharder.examples.hub.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.BooleanSupplier;

/**
 * A connection whose bytes are sent and read as they are, a character for each byte. It takes in no
 * more than a little before it is read, and notices its end even while no one reads. Whatever waits
 * has a deadline.
 */
final class RawConnection implements AutoCloseable {

  /** How a connection stands. */
  enum End {
    OPEN,
    FINISHED,
    RESET
  }

  static final Duration PATIENCE = Duration.ofSeconds(10);

  private static final int MOST_UNREAD = 64 * 1024;
  private static final int MOST_KEPT = 256 * 1024;

  private final Socket socket;
  private final byte[] unread = new byte[MOST_UNREAD];
  private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
  private int unreadCount;
  private End end = End.OPEN;

  private RawConnection(Socket socket) {
    this.socket = socket;
    Thread reader = new Thread(this::receive, "raw-connection");
    reader.setDaemon(true);
    reader.start();
  }

  /** Connects to a port of this machine. */
  static RawConnection to(int port) throws IOException {
    return to(port, 0);
  }

  /** Connects with a small window, so that what no one reads stays with its sender. */
  static RawConnection to(int port, int window) throws IOException {
    Socket socket = new Socket();
    if (window > 0) {
      socket.setReceiveBufferSize(window);
    }
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    return of(socket);
  }

  static RawConnection of(Socket socket) throws IOException {
    socket.setTcpNoDelay(true);
    return new RawConnection(socket);
  }

  private void receive() {
    byte[] some = new byte[16 * 1024];
    End how = End.FINISHED;
    try {
      for (int count = 0; count >= 0; count = socket.getInputStream().read(some)) {
        keep(some, count);
      }
    } catch (IOException reset) {
      how = End.RESET;
    } catch (InterruptedException never) {
      Thread.currentThread().interrupt();
    }
    ended(how);
  }

  private synchronized void keep(byte[] some, int count) throws InterruptedException {
    while (unreadCount + count > unread.length && !socket.isClosed()) {
      wait();
    }
    if (!socket.isClosed()) {
      System.arraycopy(some, 0, unread, unreadCount, count);
      unreadCount += count;
      kept.write(some, 0, Math.min(count, MOST_KEPT - kept.size()));
      notifyAll();
    }
  }

  private synchronized void ended(End how) {
    end = end == End.RESET ? end : how;
    notifyAll();
  }

  /** Sends each character as a byte. */
  void send(String bytes) throws IOException {
    send(bytes.getBytes(ISO_8859_1));
  }

  void send(byte[] bytes) throws IOException {
    try {
      socket.getOutputStream().write(bytes);
    } catch (SocketException failure) {
      // The system reports a reset once, and what is read afterwards seems to end in an orderly
      // way.
      if (String.valueOf(failure.getMessage()).contains("reset")) {
        ended(End.RESET);
      }
      throw failure;
    }
  }

  /** Returns the next bytes, at least one and at most so many; none after the end. */
  byte[] some(int most) throws IOException {
    return some(most, PATIENCE);
  }

  private synchronized byte[] some(int most, Duration patience) throws IOException {
    if (!awaitByte(patience)) {
      throw new AssertionError("nothing came for " + patience + " after: " + received());
    }
    byte[] next = Arrays.copyOf(unread, Math.min(most, unreadCount));
    unreadCount -= next.length;
    System.arraycopy(unread, next.length, unread, 0, unreadCount);
    notifyAll();
    return next;
  }

  /** Returns whether a byte or the end came in time. */
  private boolean awaitByte(Duration patience) {
    return await(patience, () -> unreadCount > 0 || end != End.OPEN);
  }

  private synchronized boolean await(Duration patience, BooleanSupplier condition) {
    long last = System.nanoTime() + patience.toNanos();
    try {
      while (!condition.getAsBoolean()) {
        long millis = (last - System.nanoTime()) / 1_000_000;
        if (millis <= 0) {
          return false;
        }
        wait(millis);
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new AssertionError(stopped);
    }
    return true;
  }

  /** Returns exactly so many bytes. */
  byte[] exactly(int count) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(count);
    while (bytes.size() < count) {
      byte[] next = some(count - bytes.size());
      if (next.length == 0) {
        throw new EOFException(
            "the connection is " + end + " after " + bytes.size() + " of " + count + " bytes");
      }
      bytes.writeBytes(next);
    }
    return bytes.toByteArray();
  }

  /** Returns exactly so many bytes as characters. */
  String text(int count) throws IOException {
    return new String(exactly(count), ISO_8859_1);
  }

  /** Returns the characters up to these, with them. */
  String through(String last) throws IOException {
    StringBuilder text = new StringBuilder();
    while (text.length() < last.length()
        || !text.substring(text.length() - last.length()).equals(last)) {
      text.append(text(1));
    }
    return text.toString();
  }

  /** Returns the next head. */
  RawHead head() throws IOException {
    return new RawHead(through("\r\n\r\n"));
  }

  /** Returns the body that a head announces. */
  String body(RawHead head) throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    if (head.isChunked()) {
      for (String chunk = chunk(); !chunk.isEmpty(); chunk = chunk()) {
        body.writeBytes(chunk.getBytes(ISO_8859_1));
      }
    } else if (head.value("Content-Length") != null) {
      body.writeBytes(exactly(Integer.parseInt(head.value("Content-Length"))));
    } else if (head.startLine().startsWith("HTTP")) {
      body.writeBytes(toEnd());
    }
    return body.toString(ISO_8859_1);
  }

  /** Returns the content of the next chunk; empty for the last one, whose trailers are read too. */
  String chunk() throws IOException {
    String size = through("\r\n").replaceAll("[ \t]*(;.*)?\r\n", "");
    String content = text(Integer.parseInt(size, 16));
    for (String line = through("\r\n"); content.isEmpty() && line.length() > 2; ) {
      line = through("\r\n");
    }
    return content;
  }

  /** Returns the next answer with its body. */
  RawResponse response() throws IOException {
    RawHead head = head();
    return new RawResponse(head, body(head));
  }

  /** Returns everything up to the end, which may be a reset. */
  byte[] toEnd() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (byte[] next = some(MOST_UNREAD); next.length > 0; next = some(MOST_UNREAD)) {
      bytes.writeBytes(next);
    }
    return bytes.toByteArray();
  }

  /** Returns whether neither a byte nor the end comes for so long. */
  boolean isSilentFor(Duration time) {
    return !awaitByte(time);
  }

  /** Returns how the connection ended, or that it is open after so long. */
  synchronized End endWithin(Duration time) {
    await(time, () -> end != End.OPEN);
    return end;
  }

  /** Returns how the connection stands now. */
  synchronized End end() {
    return end;
  }

  /** Returns the first bytes that came. */
  synchronized String received() {
    return kept.toString(ISO_8859_1);
  }

  /** Says that no more is sent. */
  void finish() throws IOException {
    socket.shutdownOutput();
  }

  /** Ends the connection with a reset. */
  void reset() throws IOException {
    socket.setSoLinger(true, 0);
    close();
  }

  @Override
  public void close() throws IOException {
    try {
      socket.close();
    } catch (SocketException alreadyReset) {
      // It is gone.
    }
    synchronized (this) {
      notifyAll();
    }
  }
}
