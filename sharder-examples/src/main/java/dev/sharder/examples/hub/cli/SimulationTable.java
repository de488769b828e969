package dev.sharder.examples.hub.cli;

import com.fasterxml.jackson.databind.SequenceWriter;
import dev.sharder.BinLoad;
import dev.sharder.examples.hub.cli.SimulatedRun.Interval;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The result of a simulation for programs. */
final class SimulationTable {

  /** A bin under one policy. */
  private record ShownBin(SimulatedRun run, BinLoad bin) {}

  private static final OutputTable<SimulatedRun> RUNS =
      new OutputTable<SimulatedRun>()
          .with("policy", SimulatedRun::policy)
          .with("max_min", run -> run.balance().spread())
          .with("p99_over_mean", run -> run.balance().p99OverMean())
          .with("refused", SimulatedRun::refused)
          .with("first_refusal", run -> run.firstRefusal().orElse(null))
          .with("moved", SimulatedRun::moved)
          .with("rebalance", SimulatedRun::rebalance);

  private SimulationTable() {}

  private static OutputTable<ShownBin> bins() {
    return new OutputTable<ShownBin>()
        .with("bin", shown -> shown.bin().name())
        .with("state", shown -> shown.bin().bin().state().word())
        .with("weight", shown -> shown.bin().bin().weight())
        .with("effective", shown -> shown.bin().load())
        .with("new", shown -> shown.run().placed(shown.bin().name()));
  }

  /** Writes an array with an object for each policy. */
  static void writeJson(List<SimulatedRun> runs, PrintWriter out) throws IOException {
    try (SequenceWriter writer = OutputMappers.JSON.writer().writeValuesAsArray(out)) {
      for (SimulatedRun run : runs) {
        Map<String, @Nullable Object> fields = RUNS.fields(run);
        OutputTable<ShownBin> bins = bins();
        fields.put(
            "bins", run.bins().stream().map(bin -> bins.fields(new ShownBin(run, bin))).toList());
        fields.put("intervals", run.intervals().stream().map(SimulationTable::fields).toList());
        writer.write(fields);
      }
    }
    out.println();
    out.flush();
  }

  private static Map<String, Object> fields(Interval interval) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("until", interval.until());
    fields.put("new", interval.placed());
    return fields;
  }

  /** Writes a line for each policy and bin, with a column for each interval. */
  static void writeCsv(List<SimulatedRun> runs, PrintWriter out) throws IOException {
    OutputTable<ShownBin> table =
        new OutputTable<ShownBin>().with("policy", shown -> shown.run().policy());
    bins().columns().forEach(column -> table.with(column.name(), column.value()));
    List<Interval> intervals = runs.isEmpty() ? List.of() : runs.get(0).intervals();
    for (int i = 0; i < intervals.size(); i++) {
      int index = i;
      table.with(
          "new_until_" + intervals.get(i).until(),
          shown ->
              shown.run().intervals().get(index).placed().getOrDefault(shown.bin().name(), 0L));
    }
    new OutputOptions()
        .writeCsv(
            table,
            runs.stream()
                .flatMap(run -> run.bins().stream().map(bin -> new ShownBin(run, bin)))
                .iterator(),
            out);
    out.flush();
  }
}
