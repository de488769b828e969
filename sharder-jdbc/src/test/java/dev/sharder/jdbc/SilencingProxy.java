package dev.sharder.jdbc;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;

/**
 * A TCP proxy before a database that can fall silent, as a firewall does that has forgotten its
 * connections: they stay open, and no byte goes through. New connections work, unless it is closed
 * to them. It can also cut connections, at any moment or between a COMMIT and its answer.
 */
public final class SilencingProxy implements AutoCloseable {

  private final ServerSocket server;
  private volatile URI target;
  private final List<Link> links = new CopyOnWriteArrayList<>();
  private final AtomicInteger unheardCommits = new AtomicInteger();
  private volatile boolean swallowsAll;

  /** Takes connections for the database of a JDBC URL. */
  public SilencingProxy(String jdbcUrl) {
    target = URI.create(jdbcUrl.substring("jdbc:".length()));
    try {
      server = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
    daemon(this::accept);
  }

  /** Returns the JDBC URL by which the database is reached through this proxy. */
  public String url() {
    return "jdbc:"
        + target.getScheme()
        + "://127.0.0.1:"
        + server.getLocalPort()
        + target.getPath()
        + "?"
        + target.getRawQuery();
  }

  /** Returns how many connections were made so far. */
  public int connections() {
    return links.size();
  }

  /** Lets nothing through any more on the connections that exist. */
  public void silence() {
    links.forEach(link -> link.silent.set(true));
  }

  /** Lets nothing through on any connection, until {@link #speak}. */
  public void silenceAll() {
    swallowsAll = true;
    silence();
  }

  /** Lets new connections work again. */
  public void speak() {
    swallowsAll = false;
  }

  /** Leads new connections to another server, as an address does that moves at a failover. */
  public void pointTo(String jdbcUrl) {
    target = URI.create(jdbcUrl.substring("jdbc:".length()));
  }

  /** Cuts about half of the connections. */
  public void cut(RandomGenerator random) {
    links.stream().filter(link -> random.nextBoolean()).forEach(Link::close);
  }

  /** Cuts so many connections instead of handing on what the database answers to a COMMIT. */
  public void cutAtCommits(int count) {
    unheardCommits.set(count);
  }

  /** Returns for how many commits that is still to happen. */
  public int commitsToCut() {
    return unheardCommits.get();
  }

  private boolean isCutAt(byte[] bytes, int count) {
    return unheardCommits.get() > 0
        && new String(bytes, 0, count, StandardCharsets.ISO_8859_1).contains("COMMIT\0")
        && unheardCommits.getAndUpdate(left -> Math.max(0, left - 1)) > 0;
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        link(server.accept());
      } catch (IOException closed) {
        // The test is over, or the database is away.
      }
    }
  }

  private void link(Socket client) throws IOException {
    try {
      Link link = new Link(client, new Socket("127.0.0.1", target.getPort()));
      link.silent.set(swallowsAll);
      links.add(link);
      daemon(() -> link.copy(link.client, link.database, (bytes, count) -> false));
      daemon(() -> link.copy(link.database, link.client, this::isCutAt));
    } catch (IOException away) {
      client.close();
      throw away;
    }
  }

  private static void daemon(Runnable work) {
    Thread thread = new Thread(work, "silencing-proxy");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() throws IOException {
    server.close();
    links.forEach(Link::close);
  }

  /** Whether a link is cut instead of handing on what was read. */
  private interface Cut {
    boolean isAt(byte[] bytes, int count);
  }

  private record Link(Socket client, Socket database, AtomicBoolean silent) {

    Link(Socket client, Socket database) throws IOException {
      this(client, database, new AtomicBoolean());
      client.setTcpNoDelay(true);
      database.setTcpNoDelay(true);
    }

    void close() {
      try {
        client.close();
        database.close();
      } catch (IOException failure) {
        throw new UncheckedIOException(failure);
      }
    }

    void copy(Socket from, Socket to, Cut cut) {
      byte[] bytes = new byte[1 << 16];
      try (InputStream in = from.getInputStream();
          OutputStream out = to.getOutputStream()) {
        for (int n = in.read(bytes); n >= 0; n = in.read(bytes)) {
          if (cut.isAt(bytes, n)) {
            close();
            return;
          }
          if (!silent.get()) {
            out.write(bytes, 0, n);
          }
        }
        // A silent network does not say either that the other side has hung up.
        while (silent.get() && !to.isClosed()) {
          Thread.sleep(50);
        }
      } catch (IOException ended) {
        // So does the other direction.
      } catch (InterruptedException interruption) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
