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
 * Draws what one thread asks for next. All threads come to the same new names at about the same
 * time, and never get far from the old ones.
 */
final class Draw {

  static final int BINS = 6;

  private static final int RECENT = 12;

  private final Workload workload;
  private final Random random;
  private final Map<String, Held> seen = new HashMap<>();
  private int turn;

  Draw(Workload workload, int process, int thread) {
    this.workload = workload;
    this.random = new Random(workload.seed() * 1_000_003 + process * 1_009L + thread);
  }

  /** The bins there are before anything else happens. */
  static List<Operation> toBeginWith(Workload workload) {
    Draw draw = new Draw(workload, 0, 0);
    List<Operation> bins = new ArrayList<>();
    for (int i = 0; i < BINS - 2; i++) {
      bins.add(new Operation.AddBin(draw.newBin("bin-" + i)));
    }
    return bins;
  }

  /** What this thread saw last of an object, so that some expectations are right. */
  void saw(String object, Held held) {
    seen.put(object, held);
  }

  Operation next() {
    turn++;
    int draw = random.nextInt(100);
    if (draw < 45) {
      return new Operation.AssignOne(object(), size());
    }
    if (draw < 62) {
      return new Operation.FindOne(object());
    }
    if (draw < 66) {
      return roster();
    }
    return draw < 79 ? move() : draw < 84 ? remove() : ofBins(draw);
  }

  private Operation ofBins(int draw) {
    return draw < 94
        ? changeBin()
        : draw < 95 ? new Operation.AddBin(newBin(bin())) : new Operation.ListBins();
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

  private Operation roster() {
    Set<String> names = new LinkedHashSet<>();
    int count = 2 + random.nextInt(8);
    for (int i = 0; i < count; i++) {
      names.add(oneIn(2) ? object() : "user-" + (turn + random.nextInt(3)));
    }
    return new Operation.AssignRoster(List.copyOf(names));
  }

  private Operation move() {
    String object = object();
    @Nullable Held last = seen.get(object);
    boolean byVersion = last != null && oneIn(2);
    boolean byBin = last != null && oneIn(4);
    return new Operation.MoveTo(
        object,
        byBin ? last.bin() : null,
        bin(),
        byVersion ? Long.valueOf(last.version()) : null,
        oneIn(4));
  }

  private Operation remove() {
    String object = object();
    @Nullable Held last = seen.get(object);
    return new Operation.TakeAway(
        object, last != null && oneIn(2) ? Long.valueOf(last.version()) : null);
  }

  private HeldBin newBin(String name) {
    return new HeldBin(
        name,
        oneIn(3) ? 1 + random.nextInt(3) : 1,
        oneIn(4) ? random.nextInt(6) : 0,
        oneIn(4) ? capacity() : HeldBin.UNLIMITED,
        BinState.OPEN,
        0);
  }

  private long capacity() {
    return oneIn(3) ? HeldBin.UNLIMITED : 1 + random.nextInt(10 + turn / 2);
  }

  private Operation changeBin() {
    String bin = bin();
    return switch (random.nextInt(8)) {
      case 0, 1, 2 -> new Operation.ChangeBin(bin, BinState.OPEN, null, null, null);
      case 3, 4 -> new Operation.ChangeBin(bin, closed(), null, null, null);
      case 5 -> new Operation.ChangeBin(bin, null, 1 + random.nextInt(3), null, null);
      case 6 -> new Operation.ChangeBin(bin, null, null, (long) random.nextInt(6), null);
      default -> new Operation.ChangeBin(bin, null, null, null, capacity());
    };
  }

  private BinState closed() {
    return oneIn(2) ? BinState.CORDONED : oneIn(2) ? BinState.DRAINING : BinState.RETIRED;
  }
}
