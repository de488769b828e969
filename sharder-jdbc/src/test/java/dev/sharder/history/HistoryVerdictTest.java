package dev.sharder.history;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.BinState;
import dev.sharder.admin.Change;
import dev.sharder.admin.Note;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Verdicts on small, obvious histories with two bins {@code a} and {@code b}. */
class HistoryVerdictTest {

  private static final long BOUND = 1_000;
  private static final String EARLY = "2026-11-28T00:00:00Z";
  private static final String LATE = "2026-11-28T00:00:01Z";

  private final List<RecordedCall> calls = new ArrayList<>();
  private final List<Change> changes = new ArrayList<>();
  private final Map<String, ObservedAssignment> objects = new HashMap<>();
  private final Map<String, Long> capacities = new HashMap<>();

  private void bins() {
    for (String bin : List.of("a", "b")) {
      ObservedBin added = bin(bin, 0);
      call(1, new HistoryOperation.AddBin(added), 0, 1, new CallOutcome.Shown(List.of(added)));
      changed(Change.What.BIN_ADDED, Optional.empty(), Optional.of(bin), Optional.of(bin), 0);
    }
  }

  @BeforeEach
  void addBins() {
    bins();
  }

  @Test
  @DisplayName("Two calls at the same time may come in either order")
  void eitherOrder() {
    placed("x", "b", 10, 30);
    placed("y", "a", 20, 40);
    assertThat(verdict().kind()).isEqualTo(HistoryVerdict.Kind.EXPLAINED);
  }

  @Test
  @DisplayName(
      "A call that ended before another began comes first, so its object went to the wrong bin")
  void unfair() {
    placed("x", "b", 10, 20);
    placed("y", "a", 30, 40);
    assertThat(verdict().explanation())
        .contains("assign x → new in b")
        .contains("x should go to a, but went to b");
  }

  @Test
  @DisplayName("Two full bins refuse a new object, but not before they are full")
  void full() {
    capacities.put("a", 1L);
    capacities.put("b", 1L);
    calls.clear();
    changes.clear();
    bins();
    placed("x", "a", 10, 20);
    placed("y", "b", 30, 50);
    call(2, assign("z"), 40, 45, new CallOutcome.Refused("NoOpenBinException"));
    assertThat(verdict().kind()).isEqualTo(HistoryVerdict.Kind.EXPLAINED);
    call(2, assign("z"), 22, 28, new CallOutcome.Refused("NoOpenBinException"));
    assertThat(verdict().explanation()).contains("b is open and has room");
  }

  @Test
  @DisplayName("An answer from the cache of another process may be stale by the bound, but no more")
  void stale() {
    placed("x", "a", 10, 20);
    moved("x", "a", "b", 1, 30, 40);
    found(2, "x", "a", 1, EARLY, 40 + BOUND - 1);
    assertThat(verdict().kind()).isEqualTo(HistoryVerdict.Kind.EXPLAINED);
    found(2, "x", "a", 1, EARLY, 40 + BOUND + 1);
    assertThat(verdict().explanation()).contains("from the cache may be").contains("found in a");
  }

  @Test
  @DisplayName("A process sees its own change at once")
  void ownChange() {
    placed("x", "a", 10, 20);
    moved("x", "a", "b", 1, 30, 40);
    found(1, "x", "a", 1, EARLY, 50);
    assertThat(verdict().explanation()).contains("never misses a change of its own process");
  }

  @Test
  @DisplayName("An acknowledged assignment that is nowhere was lost")
  void lost() {
    placed("x", "a", 10, 20);
    objects.clear();
    assertThat(verdict().explanation()).contains("is nowhere");
  }

  @Test
  @DisplayName("An object in a bin other than the answered one has moved without a change")
  void permanent() {
    placed("x", "a", 10, 20);
    objects.put("x", new ObservedAssignment("b", 1, 1, EARLY));
    assertThat(verdict().explanation()).contains("is nowhere").contains("new in a");
  }

  @Test
  @DisplayName("A move raises the version")
  void version() {
    placed("x", "a", 10, 20);
    moved("x", "a", "b", 1, 30, 40);
    objects.put("x", new ObservedAssignment("b", 1, 1, LATE));
    assertThat(verdict().explanation()).contains("version 1").contains("version 2");
  }

  @Test
  @DisplayName("A call of unknown outcome may take effect much later, once, or not at all")
  void unknown() {
    call(2, assign("x"), 10, RecordedCall.OPEN, new CallOutcome.Unknown("killed"));
    call(2, assign("never"), 10, RecordedCall.OPEN, new CallOutcome.Unknown("killed"));
    placed("y", "a", 20, 30);
    objects.put("x", new ObservedAssignment("b", 1, 1, EARLY));
    assertThat(verdict().kind()).isEqualTo(HistoryVerdict.Kind.EXPLAINED);
    objects.put("x", new ObservedAssignment("a", 1, 1, EARLY));
    assertThat(verdict().kind()).isEqualTo(HistoryVerdict.Kind.UNEXPLAINED);
  }

  @Test
  @DisplayName("An object that no call can have assigned is unexplained")
  void fromNowhere() {
    objects.put("x", new ObservedAssignment("a", 1, 1, EARLY));
    assertThat(verdict().explanation()).contains("no call can have put it there");
  }

  @Test
  @DisplayName("Other calls may come between the objects of a roster, which keep their order")
  void roster() {
    call(2, new HistoryOperation.AssignRoster(List.of("x", "z")), 10, 60, new CallOutcome.Made(2));
    objects.put("x", new ObservedAssignment("a", 1, 1, EARLY));
    placed("y", "b", 20, 50);
    objects.put("z", new ObservedAssignment("a", 1, 1, EARLY));
    assertThat(verdict().kind()).isEqualTo(HistoryVerdict.Kind.EXPLAINED);
    objects.put("x", new ObservedAssignment("b", 1, 1, EARLY));
    assertThat(verdict().kind()).isEqualTo(HistoryVerdict.Kind.UNEXPLAINED);
  }

  @Test
  @DisplayName(
      "A roster that assigned more than it counts is explained only if an acknowledgement was lost")
  void rosterAskedAgain() {
    call(2, new HistoryOperation.AssignRoster(List.of("x", "z")), 10, 60, new CallOutcome.Made(0));
    objects.put("x", new ObservedAssignment("a", 1, 1, EARLY));
    objects.put("z", new ObservedAssignment("b", 1, 1, EARLY));
    placed("y", "a", 70, 80);
    assertThat(verdict().kind()).isEqualTo(HistoryVerdict.Kind.UNEXPLAINED);
    assertThat(HistoryVerdict.afterFaults(calls, ending()).kind())
        .isEqualTo(HistoryVerdict.Kind.EXPLAINED);
    objects.put("z", new ObservedAssignment("a", 1, 1, EARLY));
    assertThat(HistoryVerdict.afterFaults(calls, ending()).kind())
        .isEqualTo(HistoryVerdict.Kind.UNEXPLAINED);
  }

  @Test
  @DisplayName(
      "A call assigned an object twice only if an acknowledgement was lost and another removed it")
  void assignedTwice() {
    call(2, new HistoryOperation.AssignRoster(List.of("x", "z")), 10, 90, new CallOutcome.Made(1));
    call(3, assign("v"), 10, 90, new CallOutcome.Placed(new ObservedAssignment("a", 1, 1, LATE)));
    objects.put("z", new ObservedAssignment("a", 1, 1, EARLY));
    removed("x", "b", 30, 40);
    objects.put("x", new ObservedAssignment("b", 1, 1, LATE));
    removed("v", "a", 50, 60);
    objects.put("v", new ObservedAssignment("a", 1, 1, LATE));
    assertThat(verdict().kind()).isEqualTo(HistoryVerdict.Kind.UNEXPLAINED);
    assertThat(HistoryVerdict.afterFaults(calls, ending()).kind())
        .isEqualTo(HistoryVerdict.Kind.EXPLAINED);
    objects.put("x", new ObservedAssignment("a", 1, 1, LATE));
    assertThat(HistoryVerdict.afterFaults(calls, ending()).kind())
        .isEqualTo(HistoryVerdict.Kind.UNEXPLAINED);
  }

  @Test
  @DisplayName(
      "A roster that counts more than it assigned is not explained by a lost acknowledgement")
  void rosterCountsTooMuch() {
    call(2, new HistoryOperation.AssignRoster(List.of("x", "z")), 10, 60, new CallOutcome.Made(2));
    objects.put("x", new ObservedAssignment("a", 1, 1, EARLY));
    placed("z", "b", 1, 5);
    assertThat(HistoryVerdict.afterFaults(calls, ending()).kind())
        .isEqualTo(HistoryVerdict.Kind.UNEXPLAINED);
  }

  @Test
  @DisplayName("A search that takes too long has no verdict, and reports what to do")
  void undecided() {
    for (int i = 0; i < 12; i++) {
      placed("user-%02d".formatted(i), i % 2 == 0 ? "b" : "a", 10, 20);
    }
    HistoryVerdict verdict = HistoryVerdict.of(calls, ending(), true, 10);
    assertThat(verdict.kind()).isEqualTo(HistoryVerdict.Kind.UNDECIDED);
    assertThat(verdict.explanation())
        .contains("undecided after 10 states")
        .contains("fewer threads");
  }

  @Test
  @DisplayName("The log of a killed process is read up to a truncated line")
  void cutOff(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("calls.jsonl");
    RecordedCall open =
        new RecordedCall(
            "1-0-0",
            1,
            assign("x"),
            10,
            RecordedCall.OPEN,
            BOUND,
            new CallOutcome.Unknown("the process ended"));
    RecordedCall done =
        new RecordedCall("1-0-0", 1, assign("x"), 10, 20, BOUND, new CallOutcome.Absent());
    try (CallLog log = new CallLog(file)) {
      log.write(open);
      log.write(done);
      log.write(open);
    }
    String text = Files.readString(file);
    Files.writeString(file, text.substring(0, text.length() - 20));
    assertThat(CallLog.read(file)).containsExactly(done);
  }

  // ---- events

  private HistoryOperation assign(String object) {
    return new HistoryOperation.AssignOne(object, 1);
  }

  private String call(
      int process, HistoryOperation operation, long start, long end, CallOutcome outcome) {
    String id = "%d-0-%d".formatted(process, calls.size());
    calls.add(new RecordedCall(id, process, operation, start, end, BOUND, outcome));
    return id;
  }

  private void placed(String object, String bin, long start, long end) {
    ObservedAssignment held = new ObservedAssignment(bin, 1, 1, EARLY);
    call(1, assign(object), start, end, new CallOutcome.Placed(held));
    objects.put(object, held);
  }

  private void found(int process, String object, String bin, long version, String at, long start) {
    CallOutcome found = new CallOutcome.Found(new ObservedAssignment(bin, version, 1, at));
    call(process, new HistoryOperation.FindOne(object), start, start + 1, found);
  }

  private void moved(String object, String from, String to, long version, long start, long end) {
    ObservedAssignment held = new ObservedAssignment(to, version + 1, 1, LATE);
    HistoryOperation move = new HistoryOperation.MoveTo(object, null, to, null, false);
    call(1, move, start, end, new CallOutcome.Assigned(held));
    changed(Change.What.MOVED, Optional.of(object), Optional.of(from), Optional.of(to), version);
    objects.put(object, held);
  }

  private void removed(String object, String from, long start, long end) {
    ObservedAssignment held = new ObservedAssignment(from, 1, 1, EARLY);
    call(
        1, new HistoryOperation.TakeAway(object, null), start, end, new CallOutcome.Assigned(held));
    changed(Change.What.REMOVED, Optional.of(object), Optional.of(from), Optional.empty(), 1);
    objects.remove(object);
  }

  /** Records a change of the latest call. */
  private void changed(
      Change.What what,
      Optional<String> object,
      Optional<String> from,
      Optional<String> to,
      long version) {
    long next = changes.size() + 1L;
    Note note = new Note("history", calls.get(calls.size() - 1).id());
    Optional<Instant> since = object.map(name -> Instant.parse(EARLY));
    changes.add(
        new Change(
            next, "hub", next, object, from, to, what, note, Instant.parse(LATE), version, since));
  }

  private ObservedBin bin(String name, long assigned) {
    long capacity = capacities.getOrDefault(name, ObservedBin.UNLIMITED);
    return new ObservedBin(name, 1, 0, capacity, BinState.OPEN, assigned);
  }

  private FinalState ending() {
    Map<String, Long> sums = new TreeMap<>(Map.of("a", 0L, "b", 0L));
    objects.values().forEach(held -> sums.merge(held.bin(), held.size(), Long::sum));
    List<ObservedBin> bins = new ArrayList<>();
    sums.forEach((name, sum) -> bins.add(bin(name, sum)));
    return new FinalState(bins, objects, changes, List.of());
  }

  private HistoryVerdict verdict() {
    return HistoryVerdict.of(calls, ending());
  }
}
