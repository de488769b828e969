package dev.sharder.examples.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Runs the benchmarks that are named, or all, and prints a line for each. */
final class Benchmarks {

  private static final Map<String, Benchmark> ALL = new LinkedHashMap<>();

  static {
    ALL.put("new-postgres-64", () -> PlacingBenchmark.rate(BenchDatabase.postgres(), 64, 64));
    ALL.put("new-postgres-256", () -> PlacingBenchmark.rate(BenchDatabase.postgres(), 256, 64));
    ALL.put("new-sqlite-64", () -> PlacingBenchmark.rate(BenchDatabase.sqlite(), 64, 1));
    ALL.put("new-mariadb-64", () -> PlacingBenchmark.rate(BenchDatabase.mariaDb(), 64, 64));
    ALL.put("new-mariadb-256", () -> PlacingBenchmark.rate(BenchDatabase.mariaDb(), 256, 64));
    ALL.put("bulk-postgres", BulkBenchmark::beside);
    ALL.put("hit", HitBenchmark::beside);
    ALL.put("miss-postgres", () -> MissBenchmark.beside(BenchDatabase.postgres()));
    ALL.put("miss-mariadb", () -> MissBenchmark.beside(BenchDatabase.mariaDb()));
    ALL.put("growth", GrowthBenchmark::beside);
    ALL.put("bins", () -> PlacingBenchmark.manyBins(BenchDatabase::postgres, 1_000));
    ALL.put("bins-10k", () -> PlacingBenchmark.manyBins(BenchDatabase::postgres, 10_000));
    ALL.put("bins-100k", () -> PlacingBenchmark.manyBins(BenchDatabase::postgres, 100_000));
    ALL.put("bins-10k-sqlite", () -> PlacingBenchmark.manyBins(BenchDatabase::sqlite, 10_000));
    ALL.put("bins-100k-sqlite", () -> PlacingBenchmark.manyBins(BenchDatabase::sqlite, 100_000));
    ALL.put("declare-10k", () -> BinsBenchmark.declaring(BenchDatabase.postgres()));
    ALL.put("list-10k", () -> BinsBenchmark.listing(BenchDatabase.postgres()));
    ALL.put("idle-postgres", () -> PlacingBenchmark.latency(BenchDatabase.postgres()));
    ALL.put("idle-sqlite", () -> PlacingBenchmark.latency(BenchDatabase.sqlite()));
    ALL.put("open-postgres", () -> OpenBenchmark.beside(BenchDatabase.postgres()));
    ALL.put("open-sqlite", () -> OpenBenchmark.beside(BenchDatabase.sqlite()));
    ALL.put("start-version", StartBenchmark::version);
    ALL.put("start-find-sqlite", StartBenchmark::findOnSqlite);
    ALL.put("start-bins-postgres", StartBenchmark::binsOnPostgres);
    ALL.put("start-serve", StartBenchmark::serve);
    ALL.put("idle-memory", StartBenchmark::idleMemory);
    ALL.put("simulate", SimulationBenchmark::beside);
    ALL.put("peers-16", () -> PeersBenchmark.of(16));
    ALL.put("peers-64", () -> PeersBenchmark.of(64));
    ALL.put("http-hit", HttpBenchmark::hit);
    ALL.put("http-new", HttpBenchmark::newUsers);
    ALL.put("http-heap", HttpHeapBenchmark::flat);
    ALL.put("proxy-1k", ProxyBenchmark::smallBesideNginx);
    ALL.put("proxy-1k-chp", ProxyBenchmark::smallBesideChp);
    ALL.put("proxy-64k", ProxyBenchmark::large);
    ALL.put("proxy-64k-one-worker", ProxyBenchmark::largeBesideOneWorker);
    ALL.put("proxy-one", ProxyBenchmark::oneConnection);
    ALL.put("proxy-p99", ProxyBenchmark::slowest);
    ALL.put("proxy-users", ProxyBenchmark::users);
    ALL.put("proxy-websockets", ProxyBenchmark::websockets);
    ALL.put("proxy-routes", ProxyBenchmark::routes);
  }

  /** Measures, and returns what to print; fails if a promise was broken on the way. */
  interface Benchmark {
    Object run() throws Exception;
  }

  /** Opens a new database. */
  interface Database {
    BenchDatabase open() throws Exception;
  }

  /** A benchmark that needs a program this machine lacks. */
  static final class Skipped extends Exception {
    private static final long serialVersionUID = 1L;

    Skipped(String reason) {
      super(reason);
    }
  }

  private Benchmarks() {}

  public static void main(String[] arguments) throws Exception {
    List<String> names = new ArrayList<>();
    for (String argument : arguments) {
      names.addAll(List.of(argument.split("[,\\s]+")));
    }
    names.removeIf(String::isBlank);
    if (!ALL.keySet().containsAll(names)) {
      throw new IllegalArgumentException(
          "unknown among %s; choose from %s".formatted(names, ALL.keySet()));
    }
    machine();
    for (String name : names.isEmpty() ? ALL.keySet() : names) {
      try {
        System.out.println(name + " " + ALL.get(name).run());
      } catch (Skipped skipped) {
        System.out.println(name + " skipped: " + skipped.getMessage());
      }
    }
    // The embedded server's threads would keep the program alive.
    System.exit(0);
  }

  private static void machine() throws IOException {
    System.out.printf(
        "on %s %s, %d processors, Java %s; a write of 8 KiB and its fsync take %.0f us%n",
        System.getProperty("os.name"),
        System.getProperty("os.arch"),
        Runtime.getRuntime().availableProcessors(),
        System.getProperty("java.version"),
        DiskLatency.syncMicros());
  }
}
