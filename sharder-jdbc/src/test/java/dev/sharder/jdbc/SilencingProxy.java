package dev.sharder.jdbc;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A TCP proxy before a database that can fall silent, as a firewall does that has forgotten its
 * connections: they stay open, and no byte goes through. New connections work, unless it is closed
 * to them.
 */
public final class SilencingProxy implements AutoCloseable {

  private final ServerSocket server;
  private final URI target;
  private final List<Link> links = new CopyOnWriteArrayList<>();
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

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket client = server.accept();
        Link link = new Link(client, new Socket("127.0.0.1", target.getPort()));
        link.silent.set(swallowsAll);
        links.add(link);
        daemon(() -> link.copy(link.client, link.database));
        daemon(() -> link.copy(link.database, link.client));
      } catch (IOException closed) {
        // The test is over, or the database is away.
      }
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
    for (Link link : links) {
      link.client.close();
      link.database.close();
    }
  }

  private record Link(Socket client, Socket database, AtomicBoolean silent) {

    Link(Socket client, Socket database) throws IOException {
      this(client, database, new AtomicBoolean());
      client.setTcpNoDelay(true);
      database.setTcpNoDelay(true);
    }

    void copy(Socket from, Socket to) {
      byte[] bytes = new byte[1 << 16];
      try (InputStream in = from.getInputStream();
          OutputStream out = to.getOutputStream()) {
        for (int n = in.read(bytes); n >= 0; n = in.read(bytes)) {
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
