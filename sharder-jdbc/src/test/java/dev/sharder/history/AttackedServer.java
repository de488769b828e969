package dev.sharder.history;

import dev.sharder.jdbc.KillableServer;
import dev.sharder.jdbc.SilencingProxy;
import java.io.IOException;
import java.nio.file.Path;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * A database server of its own, with a proxy before it, the players that use it, and an operator
 * who can end their sessions and forbid writes.
 */
abstract class AttackedServer implements AutoCloseable {

  private final KillableServer server;
  private final SilencingProxy network;
  private final FaultRoundFixture fixture;

  /**
   * Starts the players.
   *
   * @param url the URL of the database for the players
   */
  AttackedServer(KillableServer server, String url, Path folder) throws IOException {
    this.server = server;
    this.network = new SilencingProxy(url);
    this.fixture = new FaultRoundFixture(network.url(), url, folder);
  }

  KillableServer server() {
    return server;
  }

  SilencingProxy network() {
    return network;
  }

  FaultRoundFixture fixture() {
    return fixture;
  }

  /** Opens a connection of the operator, which is not attacked. */
  final Handle operator() {
    return Jdbi.open(operatorUrl());
  }

  abstract String operatorUrl();

  /** Ends about the given share of the players' sessions. */
  abstract void endSessions(double share);

  /** Makes the server refuse the players' writes until {@link #acceptWrites}. */
  abstract void refuseWrites();

  abstract void acceptWrites();

  @Override
  public void close() throws IOException {
    fixture.close();
    network.close();
    server.close();
  }
}
