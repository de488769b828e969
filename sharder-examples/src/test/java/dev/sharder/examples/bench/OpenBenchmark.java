package dev.sharder.examples.bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.sql.DriverManager;

/**
 * Opening a store whose tables are up to date, over a pool that has connections, beside opening a
 * connection. Of this process alone, without the server's part.
 */
final class OpenBenchmark {

  private static final int OPENINGS = 500;

  private static final OperatingSystemMXBean SYSTEM =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

  private OpenBenchmark() {}

  static MeasuredRatio beside(BenchDatabase where) throws Exception {
    try (where) {
      where.store().close();
      return MeasuredRatio.alternately(
          PlacingBenchmark.ROUNDS,
          "us of processor time",
          () -> processorMicros(() -> where.store().close()),
          () -> processorMicros(() -> DriverManager.getConnection(where.url).close()));
    }
  }

  private interface Opening {
    void openAndClose() throws Exception;
  }

  private static double processorMicros(Opening opening) throws Exception {
    long start = SYSTEM.getProcessCpuTime();
    for (int i = 0; i < OPENINGS; i++) {
      opening.openAndClose();
    }
    return (SYSTEM.getProcessCpuTime() - start) / 1e3 / OPENINGS;
  }
}
