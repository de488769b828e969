package dev.sharder.examples.hub.nginx;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A name server for one name, which is this machine's; it knows no other. */
public record NameServer(DatagramSocket socket, String name) implements AutoCloseable {

  private static final int HEADER = 12;
  private static final int QUESTION_END = 5;
  private static final short TYPE_A = 1;

  public static NameServer of(String name) throws IOException {
    NameServer server =
        new NameServer(new DatagramSocket(0, InetAddress.getLoopbackAddress()), name);
    Thread thread = new Thread(server::answerAll, "name-server");
    thread.setDaemon(true);
    thread.start();
    return server;
  }

  public String address() {
    return "127.0.0.1:" + socket.getLocalPort();
  }

  private void answerAll() {
    DatagramPacket packet = new DatagramPacket(new byte[512], 512);
    while (!socket.isClosed()) {
      try {
        socket.receive(packet);
        byte[] answer = answer(Arrays.copyOf(packet.getData(), packet.getLength()));
        socket.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
      } catch (IOException closed) {
        if (!socket.isClosed()) {
          throw new UncheckedIOException(closed);
        }
      }
    }
  }

  /** RFC 1035: the question again, and an address for it or the word that there is no such name. */
  private byte[] answer(byte[] query) {
    StringBuilder asked = new StringBuilder();
    int at = HEADER;
    for (; query[at] != 0; at += 1 + query[at]) {
      asked.append(new String(query, at + 1, query[at], StandardCharsets.US_ASCII)).append('.');
    }
    boolean known = asked.toString().equalsIgnoreCase(name + ".");
    boolean found = known && ByteBuffer.wrap(query).getShort(at + 1) == TYPE_A;
    ByteBuffer answer = ByteBuffer.allocate(512);
    answer.put(query, 0, 2).putShort((short) (known ? 0x8180 : 0x8183));
    answer.putShort((short) 1).putShort((short) (found ? 1 : 0)).putInt(0);
    answer.put(query, HEADER, at + QUESTION_END - HEADER);
    if (found) {
      answer.putShort((short) 0xc00c).putShort(TYPE_A).putShort((short) 1).putInt(60);
      answer.putShort((short) 4).put(new byte[] {127, 0, 0, 1});
    }
    return Arrays.copyOf(answer.array(), answer.position());
  }

  @Override
  public void close() {
    socket.close();
  }
}
