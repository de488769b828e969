package dev.sharder.examples.bench;

import com.sun.tools.attach.VirtualMachine;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;

/** What the hub sharder keeps in memory after a million requests, beside what it did before. */
final class HttpHeapBenchmark {

  private static final int USERS = 10_000;
  private static final int STEPS = 4;
  private static final int REQUESTS_IN_A_STEP = 250_000;

  private static final double MOST_GROWTH = 1.1;
  private static final double MOST_GROWTH_MEGABYTES = 2;

  /** Every tenth request is refused: without a user, with an invalid one, or to a wrong path. */
  private static final String SCRIPT =
      """
      local asked, known = 0, 0
      local refused = {
        {'/shard', {}},
        {'/shard', {['REMOTE_USER'] = 'a\\tb'}},
        {'/nowhere', {['REMOTE_USER'] = 'ada'}},
      }
      request = function()
        asked = asked + 1
        if asked %% 10 == 0 then
          return wrk.format('GET', unpack(refused[asked / 10 %% 3 + 1]))
        end
        known = known + 1
        return wrk.format('GET', '/shard', {['REMOTE_USER'] = 'user-' .. known %% %d})
      end
      """
          .formatted(USERS);

  private HttpHeapBenchmark() {}

  /** Fails if it grew: known users and those who are refused leave nothing behind. */
  static MeasuredRatio flat() throws Exception {
    String wrk = HttpBenchmark.program("wrk");
    Path folder = Files.createTempDirectory("sharder-bench");
    try (HttpBenchmark.Served ours =
            HttpBenchmark.serve("jdbc:sqlite:" + folder.resolve("sharder.db"));
        JMXConnector server = connect(ours.process().pid())) {
      MemoryMXBean memory =
          ManagementFactory.newPlatformMXBeanProxy(
              server.getMBeanServerConnection(),
              ManagementFactory.MEMORY_MXBEAN_NAME,
              MemoryMXBean.class);
      // Everybody becomes known, and whatever is made once is made.
      askAStep(wrk, ours);
      double before = usedMegabytes(memory);
      double after = before;
      long asked = 0;
      for (int step = 0; step < STEPS; step++) {
        asked += askAStep(wrk, ours);
        after = usedMegabytes(memory);
        System.out.printf(
            "http-heap: %.2f MB before, %.2f MB after %,d requests%n", before, after, asked);
      }
      if (after > MOST_GROWTH * before + MOST_GROWTH_MEGABYTES) {
        throw new IllegalStateException(
            "the heap grew from %.2f to %.2f MB".formatted(before, after));
      }
      return new MeasuredRatio(after, before, "MB after 1,000,000 requests, before");
    }
  }

  private static JMXConnector connect(long pid) throws Exception {
    VirtualMachine server = VirtualMachine.attach(Long.toString(pid));
    try {
      return JMXConnectorFactory.connect(new JMXServiceURL(server.startLocalManagementAgent()));
    } finally {
      server.detach();
    }
  }

  /** What a full collection leaves; the first may leave what waits to be finalized or cleaned. */
  private static double usedMegabytes(MemoryMXBean memory) {
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 3; i++) {
      memory.gc();
      least = Math.min(least, memory.getHeapMemoryUsage().getUsed());
    }
    return least / 1e6;
  }

  /** Asks as often as a step demands, or some more, and returns how often. */
  private static long askAStep(String wrk, HttpBenchmark.Served server) throws Exception {
    long asked = 0;
    while (asked < REQUESTS_IN_A_STEP) {
      asked += ask(wrk, server);
    }
    return asked;
  }

  private static long ask(String wrk, HttpBenchmark.Served server) throws Exception {
    Path lua = Files.createTempFile("sharder-bench", ".lua");
    Files.writeString(lua, SCRIPT);
    List<String> command =
        List.of(wrk, "-t1", "-c64", "-d1s", "-s" + lua, "http://127.0.0.1:" + server.port());
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String report = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    double answered = figure("(\\d+) requests in", report);
    double refused = figure("Non-2xx or 3xx responses: (\\d+)", report);
    if (process.waitFor() != 0 || Math.abs(refused / answered - 0.1) > 0.01) {
      throw new IOException("wrk was not answered as it should be: " + report);
    }
    return (long) answered;
  }

  private static double figure(String pattern, String report) throws IOException {
    Matcher figure = Pattern.compile(pattern).matcher(report);
    if (!figure.find()) {
      throw new IOException("wrk was not answered as it should be: " + report);
    }
    return Double.parseDouble(figure.group(1));
  }
}
