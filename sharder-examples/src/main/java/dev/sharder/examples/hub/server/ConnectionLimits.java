package dev.sharder.examples.hub.server;

import dev.sharder.examples.hub.access.TrustedProxy;
import dev.sharder.examples.hub.http.ThrottledLog;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.ServerConnection;
import io.undertow.server.protocol.http.HttpServerConnection;
import io.undertow.util.AttachmentKey;
import io.undertow.util.WorkerUtils;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xnio.ChannelListener;
import org.xnio.IoUtils;
import org.xnio.StreamConnection;
import org.xnio.XnioExecutor;

/**
 * Reserves connections for the proxy in front, however many others are open.
 *
 * <p>Peers that are not trusted share a tenth of the limit, and each may use a quarter of that.
 * When a limit is reached, the oldest connection on which the proxy has not sent a request yet is
 * closed. A connection whose first request does not arrive in time is closed, too.
 */
final class ConnectionLimits {

  private static final Logger log = LoggerFactory.getLogger(ConnectionLimits.class);

  /** From the connection to the end of the headers of its first request. */
  private static final Duration FIRST_REQUEST_LIMIT = Duration.ofSeconds(10);

  /** All untrusted peers share a tenth of the limit, and each may use a quarter of that. */
  private static final int SHARE_OF_UNTRUSTED = 10;

  private static final int SHARE_OF_EACH = 4;

  private static final AttachmentKey<Boolean> IS_OF_PROXY = AttachmentKey.create(Boolean.class);

  private final TrustedProxy proxy;
  private final Room trusted;
  private final Room untrusted;
  private final Map<StreamConnection, Guest> guests = new ConcurrentHashMap<>();
  private final ThrottledLog closed = new ThrottledLog(log);

  /**
   * Limits connections.
   *
   * @param most how many there are from trusted peers at most
   */
  ConnectionLimits(TrustedProxy proxy, int most) {
    this.proxy = proxy;
    this.trusted = new Room("trusted peers", most, most);
    int share = Math.max(SHARE_OF_EACH, most / SHARE_OF_UNTRUSTED);
    this.untrusted = new Room("peers that are not trusted", share, share / SHARE_OF_EACH);
  }

  /** Passes connections within the limits on to a server, and closes the others. */
  ChannelListener<StreamConnection> admittingTo(ChannelListener<StreamConnection> server) {
    return connection -> {
      InetSocketAddress peer = connection.getPeerAddress(InetSocketAddress.class);
      if (peer == null || peer.getAddress() == null) {
        IoUtils.safeClose(connection);
      } else if (admit(connection, peer.getAddress())) {
        server.handleEvent(connection);
      }
    };
  }

  private boolean admit(StreamConnection connection, InetAddress from) {
    Room room = proxy.isAt(from) ? trusted : untrusted;
    Guest guest = new Guest(connection, from, room);
    Optional<Guest> leaving = room.enter(guest);
    leaving.ifPresent(this::close);
    if (leaving.equals(Optional.of(guest))) {
      return false;
    }
    guests.put(connection, guest);
    guest.closeUnlessItAsks();
    connection.setCloseListener(
        ended -> {
          guests.remove(connection);
          guest.hasAsked();
          room.leave(guest);
        });
    return true;
  }

  private void close(Guest guest) {
    closed.warn(
        "closed a connection from {}, because {} hold too many open; check which program there opens them",
        guest.address.getHostAddress(),
        guest.room.peers);
    guest.close();
  }

  /** Passes requests on, and records on which connections the proxy sends them. */
  HttpHandler noting(HttpHandler next) {
    return exchange -> {
      ServerConnection connection = exchange.getConnection();
      if (connection.getAttachment(IS_OF_PROXY) == null) {
        note(exchange, connection);
      }
      next.handleRequest(exchange);
    };
  }

  private void note(HttpServerExchange exchange, ServerConnection connection) {
    Guest guest = guests.get(((HttpServerConnection) connection).getChannel());
    if (guest == null) {
      return;
    }
    guest.hasAsked();
    if (proxy.sent(exchange)) {
      connection.putAttachment(IS_OF_PROXY, true);
      guest.room.keep(guest);
    }
  }

  /** A connection. */
  private static final class Guest {

    final StreamConnection connection;
    final InetAddress address;
    final Room room;

    /** Guarded by the room. */
    boolean isInside;

    private volatile XnioExecutor.@Nullable Key end;

    Guest(StreamConnection connection, InetAddress address, Room room) {
      this.connection = connection;
      this.address = address;
      this.room = room;
    }

    void closeUnlessItAsks() {
      end =
          WorkerUtils.executeAfter(
              connection.getIoThread(),
              () -> IoUtils.safeClose(connection),
              FIRST_REQUEST_LIMIT.toMillis(),
              TimeUnit.MILLISECONDS);
    }

    void hasAsked() {
      XnioExecutor.Key key = end;
      if (key != null) {
        key.remove();
        end = null;
      }
    }

    void close() {
      try {
        connection.getIoThread().execute(() -> IoUtils.safeClose(connection));
      } catch (RejectedExecutionException stopping) {
        IoUtils.safeClose(connection);
      }
    }
  }

  /** The limit that the connections of a group of peers share. */
  private static final class Room {

    /** An IPv6 network prefix has 64 bits, and one peer may own all addresses in it. */
    private static final int NETWORK_BYTES = 8;

    final String peers;

    private final int most;
    private final int mostEach;
    private final Map<ByteBuffer, Integer> each = new HashMap<>();
    private final Set<Guest> unproven = new LinkedHashSet<>();
    private int count;

    Room(String peers, int most, int mostEach) {
      this.peers = peers;
      this.most = most;
      this.mostEach = mostEach;
    }

    /** Returns the connection to close: the new one if no other can be closed. */
    synchronized Optional<Guest> enter(Guest guest) {
      ByteBuffer peer = peer(guest);
      boolean peerIsFull = each.getOrDefault(peer, 0) >= mostEach;
      Optional<Guest> leaving = Optional.empty();
      if (peerIsFull || count >= most) {
        leaving =
            unproven.stream().filter(one -> !peerIsFull || peer(one).equals(peer)).findFirst();
        if (leaving.isEmpty()) {
          return Optional.of(guest);
        }
        leave(leaving.get());
      }
      guest.isInside = true;
      count++;
      each.merge(peer, 1, Integer::sum);
      unproven.add(guest);
      return leaving;
    }

    /** Keeps a connection open when the limit is reached. */
    synchronized void keep(Guest guest) {
      unproven.remove(guest);
    }

    synchronized void leave(Guest guest) {
      if (guest.isInside) {
        guest.isInside = false;
        count--;
        each.computeIfPresent(peer(guest), (peer, others) -> others > 1 ? others - 1 : null);
        unproven.remove(guest);
      }
    }

    private static ByteBuffer peer(Guest guest) {
      byte[] address = guest.address.getAddress();
      return ByteBuffer.wrap(address, 0, Math.min(NETWORK_BYTES, address.length));
    }
  }
}
