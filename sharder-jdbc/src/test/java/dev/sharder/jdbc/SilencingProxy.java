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
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/**
 * A TCP proxy for a database that can stop forwarding, like a firewall that has dropped its
 * connections: they stay open, but no byte gets through. New connections work, unless these are
 * silenced too. The proxy can also cut connections, at any moment or between a COMMIT and its
 * answer.
 */
public final class SilencingProxy implements AutoCloseable {

  private final ServerSocket server;
  private volatile URI target;
  private final List<Link> links = new CopyOnWriteArrayList<>();
  private final AtomicInteger commitsToCut = new AtomicInteger();
  private volatile boolean silencesAll;
  private volatile boolean silencesCommits;

  /** Starts a proxy for the database of a JDBC URL. */
  public SilencingProxy(String jdbcUrl) {
    target = URI.create(jdbcUrl.substring("jdbc:".length()));
    try {
      server = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
    daemon(this::accept);
  }

  /** Returns the JDBC URL of the database through this proxy. */
  public String url() {
    return "jdbc:"
        + target.getScheme()
        + "://127.0.0.1:"
        + server.getLocalPort()
        + target.getPath()
        + "?"
        + target.getRawQuery()
        // As an application should: a pool that connects while the network is silent gives up.
        + (isMariaDb() ? "&connectTimeout=5000" : "&loginTimeout=5");
  }

  private boolean isMariaDb() {
    return target.getScheme().equals("mariadb");
  }

  /** Returns the number of connections made so far. */
  public int connections() {
    return links.size();
  }

  /** Stops forwarding on all existing connections. */
  public void silence() {
    links.forEach(link -> link.silent.set(true));
  }

  /** Closes the silent connections, as a server or its system would some day. */
  public void closeSilent() {
    links.stream().filter(link -> link.silent.get()).forEach(Link::close);
  }

  /** Stops forwarding on all connections, including new ones, until {@link #speak}. */
  public void silenceAll() {
    silencesAll = true;
    silence();
  }

  /** Forwards on new connections again. */
  public void speak() {
    silencesAll = false;
  }

  /** Directs new connections to another server, like an address that moves in a failover. */
  public void pointTo(String jdbcUrl) {
    target = URI.create(jdbcUrl.substring("jdbc:".length()));
  }

  /** Cuts all connections, also one that is being made. */
  public synchronized void cutAll() {
    links.forEach(Link::close);
  }

  /** Cuts about half of the connections. */
  public void cut(RandomGenerator random) {
    links.stream().filter(link -> random.nextBoolean()).forEach(Link::close);
  }

  /** Cuts the given number of connections instead of forwarding the answer to a COMMIT. */
  public void cutAtCommits(int count) {
    commitsToCut.set(count);
  }

  /** Stops forwarding on the connections that commit next, from that COMMIT on. */
  public void silenceAtCommit() {
    silencesCommits = true;
  }

  /** Returns how many commits are still to be cut. */
  public int commitsToCut() {
    return commitsToCut.get();
  }

  /** MariaDB's answer does not say what it answers, so its requests are looked at. */
  private boolean isLostAfter(byte[] request, int count) {
    return isMariaDb() && isToCut(request, count, SilencingProxy::commits);
  }

  private static boolean commits(String request) {
    return request.endsWith("COMMIT") || request.contains("COMMIT;");
  }

  private boolean isLost(byte[] answer, int count) {
    return !isMariaDb() && isToCut(answer, count, text -> text.contains("COMMIT\0"));
  }

  private boolean isToCut(byte[] bytes, int count, Predicate<String> isCommit) {
    return commitsToCut.get() > 0
        && isCommit.test(new String(bytes, 0, count, StandardCharsets.ISO_8859_1))
        && commitsToCut.getAndUpdate(left -> Math.max(0, left - 1)) > 0;
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        link(server.accept());
      } catch (IOException closed) {
        // The test is over, or the database is unavailable.
      }
    }
  }

  private synchronized void link(Socket client) throws IOException {
    try {
      Link link = new Link(client, new Socket("127.0.0.1", target.getPort()));
      link.silent.set(silencesAll);
      links.add(link);
      daemon(() -> link.copy(link.client, link.database, (request, n) -> passes(link, request, n)));
      daemon(
          () -> link.copy(link.database, link.client, (answer, n) -> passesBack(link, answer, n)));
    } catch (IOException away) {
      client.close();
      throw away;
    }
  }

  private boolean passes(Link link, byte[] request, int count) throws IOException {
    if (silencesCommits && commits(new String(request, 0, count, StandardCharsets.ISO_8859_1))) {
      link.silent.set(true);
    }
    if (isLostAfter(request, count)) {
      link.loseAnswer();
    }
    return !link.silent.get();
  }

  private boolean passesBack(Link link, byte[] answer, int count) {
    if (isLost(answer, count)) {
      link.close();
      return false;
    }
    return !link.silent.get() && !link.losesAnswer.get();
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

  /** Decides whether bytes are forwarded. */
  private interface Filter {
    boolean passes(byte[] bytes, int count) throws IOException;
  }

  private record Link(
      Socket client, Socket database, AtomicBoolean silent, AtomicBoolean losesAnswer) {

    /** After this time without a byte, in milliseconds, a lost answer has ended. */
    private static final int END_OF_ANSWER = 200;

    Link(Socket client, Socket database) throws IOException {
      this(client, database, new AtomicBoolean(), new AtomicBoolean());
      client.setTcpNoDelay(true);
      database.setTcpNoDelay(true);
    }

    /** Drops the next answer, and then closes the connections. */
    void loseAnswer() throws IOException {
      losesAnswer.set(true);
      // Not for the read that waits for the answer, but for the next one.
      database.setSoTimeout(END_OF_ANSWER);
    }

    void close() {
      try {
        client.close();
        database.close();
      } catch (IOException failure) {
        throw new UncheckedIOException(failure);
      }
    }

    void copy(Socket from, Socket to, Filter filter) {
      byte[] bytes = new byte[1 << 16];
      try (InputStream in = from.getInputStream();
          OutputStream out = to.getOutputStream()) {
        for (int n = in.read(bytes); n >= 0; n = in.read(bytes)) {
          if (filter.passes(bytes, n)) {
            out.write(bytes, 0, n);
          }
        }
        // A silent network does not report a closed connection either.
        while (silent.get() && !to.isClosed()) {
          Thread.sleep(50);
        }
      } catch (IOException ended) {
        // The other direction ends too.
      } catch (InterruptedException interruption) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
