package dev.sharder.examples.bench;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.sharder.Placement;
import dev.sharder.Sharder;
import dev.sharder.store.AssignmentStore;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** An answer from memory, beside the bare cache. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class HitBenchmark {

  private static final int KEYS = 10_000;

  private final String[] names = new String[KEYS];
  private final Cache<String, Placement> bare = Caffeine.newBuilder().maximumSize(100_000).build();
  private Sharder sharder;
  private int next;

  @Setup
  public void fill() {
    sharder = Sharder.builder("hub", AssignmentStore.inMemory()).bins("a", "b", "c").build();
    for (int i = 0; i < KEYS; i++) {
      names[i] = "user-" + i;
      bare.put(names[i], sharder.assign(names[i]));
    }
    // Kept only once the watcher has looked for the first time.
    for (String name : names) {
      sharder.assign(name);
    }
  }

  private String name() {
    next = next + 1 < KEYS ? next + 1 : 0;
    return names[next];
  }

  @Benchmark
  public Placement sharder() {
    return sharder.assign(name());
  }

  @Benchmark
  public Placement caffeine() {
    return bare.getIfPresent(name());
  }

  static MeasuredRatio beside() throws Exception {
    return MeasuredRatio.alternately(3, "answers/s", () -> run("sharder"), () -> run("caffeine"));
  }

  private static double run(String benchmark) throws Exception {
    Options options =
        new OptionsBuilder()
            .include(HitBenchmark.class.getName() + "." + benchmark + "$")
            .forks(1)
            .warmupIterations(2)
            .warmupTime(TimeValue.seconds(1))
            .measurementIterations(3)
            .measurementTime(TimeValue.seconds(1))
            .verbosity(VerboseMode.SILENT)
            .build();
    return new Runner(options).runSingle().getPrimaryResult().getScore();
  }
}
