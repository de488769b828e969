package dev.sharder.history;

import dev.sharder.BinState;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Generates the operations of one thread at random. All threads reach the same new names at about
 * the same time, and keep using recent names.
 */
final class OperationGenerator {

  static final int BINS = 6;

  private static final int RECENT = 12;

  private final HistoryWorkload workload;
  private final Random random;
  private final Map<String, ObservedAssignment> seen = new HashMap<>();
  private int turn;

  OperationGenerator(HistoryWorkload workload, int process, int thread) {
    this.workload = workload;
    this.random = new Random(workload.seed() * 1_000_003 + process * 1_009L + thread);
  }

  /** Returns the operations that add the first bins. */
  static List<HistoryOperation> firstBins(HistoryWorkload workload) {
    OperationGenerator generator = new OperationGenerator(workload, 0, 0);
    List<HistoryOperation> bins = new ArrayList<>();
    for (int i = 0; i < BINS - 2; i++) {
      bins.add(new HistoryOperation.AddBin(generator.newBin("bin-" + i)));
    }
    return bins;
  }

  /** Records the last assignment of an object seen by this thread, so that some moves match it. */
  void saw(String object, ObservedAssignment held) {
    seen.put(object, held);
  }

  HistoryOperation next() {
    turn++;
    int draw = random.nextInt(100);
    if (draw < 45) {
      return new HistoryOperation.AssignOne(object(), size());
    }
    if (draw < 62) {
      return new HistoryOperation.FindOne(object());
    }
    if (draw < 66) {
      return roster();
    }
    return draw < 79 ? move() : draw < 84 ? remove() : ofBins(draw);
  }

  private HistoryOperation ofBins(int draw) {
    return draw < 94
        ? changeBin()
        : draw < 95 ? new HistoryOperation.AddBin(newBin(bin())) : new HistoryOperation.ListBins();
  }

  private boolean oneIn(int n) {
    return random.nextInt(n) == 0;
  }

  private String object() {
    int name = oneIn(4) ? random.nextInt(turn + 1) : turn - random.nextInt(RECENT);
    return "user-" + Math.max(0, name);
  }

  private String bin() {
    return "bin-" + random.nextInt(BINS);
  }

  private long size() {
    return workload.sized() && oneIn(3) ? 1 + random.nextInt(4) : 1;
  }

  private HistoryOperation roster() {
    Set<String> names = new LinkedHashSet<>();
    int count = 2 + random.nextInt(8);
    for (int i = 0; i < count; i++) {
      names.add(oneIn(2) ? object() : "user-" + (turn + random.nextInt(3)));
    }
    return new HistoryOperation.AssignRoster(List.copyOf(names));
  }

  private HistoryOperation move() {
    String object = object();
    @Nullable ObservedAssignment last = seen.get(object);
    boolean byVersion = last != null && oneIn(2);
    boolean byBin = last != null && oneIn(4);
    return new HistoryOperation.MoveTo(
        object,
        byBin ? last.bin() : null,
        bin(),
        byVersion ? Long.valueOf(last.version()) : null,
        oneIn(4));
  }

  private HistoryOperation remove() {
    String object = object();
    @Nullable ObservedAssignment last = seen.get(object);
    return new HistoryOperation.TakeAway(
        object, last != null && oneIn(2) ? Long.valueOf(last.version()) : null);
  }

  private ObservedBin newBin(String name) {
    return new ObservedBin(
        name,
        oneIn(3) ? 1 + random.nextInt(3) : 1,
        oneIn(4) ? random.nextInt(6) : 0,
        oneIn(4) ? capacity() : ObservedBin.UNLIMITED,
        BinState.OPEN,
        0);
  }

  private long capacity() {
    return oneIn(3) ? ObservedBin.UNLIMITED : 1 + random.nextInt(10 + turn / 2);
  }

  private HistoryOperation changeBin() {
    String bin = bin();
    return switch (random.nextInt(8)) {
      case 0, 1, 2 -> new HistoryOperation.ChangeBin(bin, BinState.OPEN, null, null, null);
      case 3, 4 -> new HistoryOperation.ChangeBin(bin, closed(), null, null, null);
      case 5 -> new HistoryOperation.ChangeBin(bin, null, 1 + random.nextInt(3), null, null);
      case 6 -> new HistoryOperation.ChangeBin(bin, null, null, (long) random.nextInt(6), null);
      default -> new HistoryOperation.ChangeBin(bin, null, null, null, capacity());
    };
  }

  private BinState closed() {
    return oneIn(2) ? BinState.CORDONED : oneIn(2) ? BinState.DRAINING : BinState.RETIRED;
  }
}
