package dev.sharder.jdbc;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Assumptions;

/** Three MariaDB servers that form a Galera cluster, in which each accepts writes. */
final class GaleraCluster implements AutoCloseable {

  private static final int NODES = 3;
  private static final Path PROVIDER = Path.of("/usr/lib/galera/libgalera_smm.so");

  private final List<MariaDbServer> nodes = new ArrayList<>();

  /** Starts Debian's servers with their data in the folder; skips the test without them. */
  GaleraCluster(Path folder) throws Exception {
    MariaDbServer.Programs programs = MariaDbServer.ofDebian();
    Assumptions.assumeTrue(Files.exists(PROVIDER), "Galera is missing; install galera-4");
    Assumptions.assumeTrue(
        Files.isExecutable(Path.of("/usr/bin/rsync")), "rsync is missing; install rsync");
    List<Integer> ports = FreePorts.next(NODES);
    for (int i = 0; i < NODES; i++) {
      Path home = Files.createDirectory(folder.resolve("node-" + i));
      nodes.add(MariaDbServer.unprivileged(programs, home, FreePorts.next(), options(ports, i)));
    }
    MariaDbServer.install(programs, folder.resolve("node-0"));
    for (MariaDbServer node : nodes) {
      node.launch();
      // The others take its data, and one after another is not slower.
      node.awaitReady();
    }
  }

  private static List<String> options(List<Integer> ports, int node) {
    String members =
        ports.stream().map(port -> "127.0.0.1:" + port).collect(Collectors.joining(","));
    String address = "127.0.0.1:" + ports.get(node);
    List<String> options =
        new ArrayList<>(
            List.of(
                "--binlog-format=ROW",
                // A killed server keeps what it has written; only a power failure would lose it.
                "--innodb-flush-method=nosync",
                "--innodb-autoinc-lock-mode=2",
                "--wsrep-on=ON",
                "--wsrep-provider=" + PROVIDER,
                "--wsrep-cluster-address=gcomm://" + members,
                "--wsrep-node-address=" + address,
                "--wsrep-sst-method=rsync",
                "--wsrep-sst-receive-address=127.0.0.1:" + FreePorts.next(),
                "--wsrep-provider-options=gmcast.listen_addr=tcp://%s;ist.recv_addr=127.0.0.1:%d;pc.recovery=no"
                    .formatted(address, FreePorts.next())));
    if (node == 0) {
      options.add("--wsrep-new-cluster");
    }
    return options;
  }

  /** Creates a database, and returns its URL on each node. */
  List<String> newDatabase() {
    String first = nodes.get(0).newDatabase();
    String name = first.substring(first.lastIndexOf('/') + 1, first.indexOf('?'));
    return nodes.stream().map(node -> node.url(name)).toList();
  }

  /**
   * Returns the URL of a program that writes on the first node that answers, with serve's limits.
   */
  static String sequential(List<String> urls) {
    String first = urls.get(0);
    String nodes =
        urls.stream()
            .map(url -> url.substring("jdbc:mariadb://".length(), url.lastIndexOf('/')))
            .collect(Collectors.joining(","));
    return "jdbc:mariadb:sequential://"
        + nodes
        + first.substring(first.lastIndexOf('/'))
        + "&connectTimeout=2000&retriesAllDown=3&deniedListTimeout=7000";
  }

  /** Cuts a node off from the others, or connects it with them again, and waits until it knows. */
  void isolate(int number, boolean isolated) throws SQLException {
    try (Connection connection = DriverManager.getConnection(nodes.get(number).url(""));
        Statement statement = connection.createStatement()) {
      statement.execute(
          "SET GLOBAL wsrep_provider_options = 'gmcast.isolate=%d'".formatted(isolated ? 1 : 0));
      String wanted = isolated ? "OFF" : "ON";
      while (!ready(statement).equals(wanted)) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
      }
    }
  }

  private static String ready(Statement statement) throws SQLException {
    try (ResultSet row = statement.executeQuery("SHOW STATUS LIKE 'wsrep_ready'")) {
      row.next();
      return row.getString(2);
    }
  }

  MariaDbServer node(int number) {
    return nodes.get(number);
  }

  @Override
  public void close() {
    nodes.forEach(MariaDbServer::close);
  }
}
