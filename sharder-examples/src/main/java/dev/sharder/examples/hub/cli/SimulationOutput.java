package dev.sharder.examples.hub.cli;

import dev.sharder.examples.hub.cli.SimulateOptions.PictureFormat;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;

/** Runs a simulation, and writes the result. */
final class SimulationOutput {

  private SimulationOutput() {}

  static void write(PictureFormat format, SimulationInput input, PrintWriter to)
      throws IOException {
    List<SimulatedRun> runs = SimulatedRun.all(input);
    PrintWriter out = Terminal.harmless(to, false);
    switch (format) {
      case TABLE -> new SimulationText(runs, input).write(out);
      case JSON -> SimulationTable.writeJson(runs, out);
      case CSV -> SimulationTable.writeCsv(runs, out);
      case SVG -> new SimulationSvg(runs, input).write(out);
    }
    out.flush();
    to.flush();
  }
}
