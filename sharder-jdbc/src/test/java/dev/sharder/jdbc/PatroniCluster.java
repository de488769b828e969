package dev.sharder.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/**
 * An etcd and three nodes with Patroni and PostgreSQL on this machine, of Debian's packages.
 * Commits are synchronous.
 */
public final class PatroniCluster implements AutoCloseable {

  private static final String ETCD = "/usr/bin/etcd";
  private static final Duration START_LIMIT = Duration.ofSeconds(150);
  private static final Duration POLL = Duration.ofMillis(20);

  private final Process etcd;
  private final List<PatroniNode> nodes = new ArrayList<>();
  private final Thread closing = new Thread(this::killAll);
  private @Nullable PatroniNode killed;

  private PatroniCluster(Path folder) throws IOException {
    Runtime.getRuntime().addShutdownHook(closing);
    int port = FreePorts.next();
    etcd = startEtcd(folder, port);
    for (int i = 1; i <= 3; i++) {
      nodes.add(new PatroniNode("node" + i, folder, port));
    }
  }

  /** Starts a cluster with its files in the folder, or skips the test. */
  public static PatroniCluster start(Path folder) throws Exception {
    assumeTrue(
        PatroniNode.isInstalled() && Files.isExecutable(Path.of(ETCD)),
        "Patroni, etcd or PostgreSQL 15 is not installed; to run this test:"
            + " apt-get install patroni etcd-server postgresql-15");
    PatroniCluster cluster = new PatroniCluster(folder);
    try {
      await("one leader and two standbys, one of them synchronous", START_LIMIT, cluster::isWhole);
      return cluster;
    } catch (Exception | AssertionError failure) {
      cluster.close();
      throw failure;
    }
  }

  private static Process startEtcd(Path folder, int port) throws IOException {
    String clients = "http://127.0.0.1:" + port;
    String peers = "http://127.0.0.1:" + FreePorts.next();
    return UnprivilegedProcess.start(
        folder.resolve("etcd.log"),
        ETCD,
        "--data-dir=" + folder.resolve("etcd"),
        "--listen-client-urls=" + clients,
        "--advertise-client-urls=" + clients,
        "--listen-peer-urls=" + peers,
        "--initial-advertise-peer-urls=" + peers,
        "--initial-cluster=default=" + peers);
  }

  private boolean isWhole() throws InterruptedException {
    return with("leader") == 1 && with("replica") == 2 && with("sync") == 1;
  }

  private int with(String role) throws InterruptedException {
    int count = 0;
    for (PatroniNode node : nodes) {
      if (node.is(role)) {
        count++;
      }
    }
    return count;
  }

  /** Returns the URL that names all nodes, with which a connection leads to the primary. */
  public String url() {
    String hosts =
        nodes.stream().map(node -> "127.0.0.1:" + node.port()).collect(Collectors.joining(","));
    return "jdbc:postgresql://%s/postgres?user=postgres&targetServerType=primary&loginTimeout=5"
        .formatted(hosts);
  }

  /** Kills the leader's Patroni and PostgreSQL with {@code kill -9}. */
  public void killLeader() throws Exception {
    for (PatroniNode node : nodes) {
      if (node.is("leader")) {
        killed = node;
        node.kill();
        return;
      }
    }
    throw new IllegalStateException("no node is the leader");
  }

  /** Starts the killed node's Patroni again, which starts its PostgreSQL. */
  public void startKilledAgain() throws IOException {
    killed().startAgain();
  }

  private PatroniNode killed() {
    if (killed == null) {
      throw new IllegalStateException("no node was killed");
    }
    return killed;
  }

  /** Waits until the killed node receives what the new primary writes. */
  public void awaitKilledStreams(Duration limit) throws Exception {
    await(
        killed().name() + " streams",
        limit,
        () ->
            query(
                    url(),
                    """
                    SELECT count(*)
                    FROM pg_stat_replication
                    WHERE application_name = '%s' AND state = 'streaming'
                    """
                        .formatted(killed().name()))
                .equals("1"));
  }

  /** Waits until a query has the same answer on the killed node as on the primary. */
  public void awaitSameOnKilled(String query, Duration limit) throws Exception {
    await(
        "%s answers '%s' as the primary does".formatted(killed().name(), query),
        limit,
        () -> query(killed().url(), query).equals(query(url(), query)));
  }

  private static String query(String url, String sql) {
    try (Handle handle = Jdbi.open(url)) {
      return handle.createQuery(sql).mapTo(String.class).one();
    }
  }

  /** Waits until a condition holds, and fails if it does not within the limit. */
  public static void await(String what, Duration limit, Callable<Boolean> condition)
      throws Exception {
    long end = System.nanoTime() + limit.toNanos();
    while (!condition.call()) {
      assertThat(System.nanoTime()).as("%s within %s", what, limit).isLessThan(end);
      LockSupport.parkNanos(POLL.toNanos());
    }
  }

  /** Kills everything: the files are temporary. */
  @Override
  public void close() {
    Runtime.getRuntime().removeShutdownHook(closing);
    killAll();
  }

  private void killAll() {
    try {
      for (PatroniNode node : nodes) {
        node.kill();
      }
    } catch (Exception failure) {
      throw new IllegalStateException("a node did not end", failure);
    } finally {
      etcd.destroyForcibly();
    }
  }
}
