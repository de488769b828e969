package dev.sharder.history;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The result of a round with one fault.
 *
 * @param fault the name of the fault
 * @param seed the seed of the history and of the fault
 * @param calls how many calls began
 * @param failures how many errors callers received, by the name of the error
 * @param longest the duration of the longest call that was answered
 * @param stuck how many calls exceeded their time limit, or got no answer from a live process
 * @param verdict explained, lost, different, double, stuck or undecided
 */
record FaultRoundResult(
    String fault,
    long seed,
    int calls,
    Map<String, Integer> failures,
    Duration longest,
    int stuck,
    String verdict) {

  static final String EXPLAINED = "explained";
  static final String LOST = "lost";
  static final String DOUBLE = "double";
  static final String DIFFERENT = "different";

  private static final String HEAD = "fault,seed,calls,failures,longest_ms,stuck,verdict";

  /** Returns how many errors callers received, by the name of the error. */
  static Map<String, Integer> failures(Collection<RecordedCall> calls) {
    Map<String, Integer> failures = new TreeMap<>();
    for (RecordedCall call : calls) {
      if (call.outcome() instanceof CallOutcome.Unknown unknown
          && unknown.answeredAt() != RecordedCall.OPEN) {
        failures.merge(unknown.why().split(":", 2)[0], 1, Integer::sum);
      }
    }
    return failures;
  }

  /** Returns the duration of the longest call that was answered. */
  static Duration longest(Collection<RecordedCall> calls) {
    return Duration.ofNanos(
        calls.stream()
            .filter(call -> call.answered() != RecordedCall.OPEN)
            .mapToLong(call -> call.answered() - call.start())
            .max()
            .orElse(0));
  }

  private int refused() {
    return failures.values().stream().mapToInt(Integer::intValue).sum();
  }

  /** Appends a line to a CSV file, and a header line if the file is new. */
  void appendTo(Path file) throws IOException {
    Files.createDirectories(file.toAbsolutePath().getParent());
    String line =
        "%s,%d,%d,%s,%d,%d,%s"
            .formatted(
                fault,
                seed,
                calls,
                failures.toString().replace(", ", " "),
                longest.toMillis(),
                stuck,
                verdict);
    List<String> lines = Files.exists(file) ? List.of(line) : List.of(HEAD, line);
    Files.write(file, lines, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  /** Returns a table of all rounds, with a row for each fault. */
  static String table(List<FaultRoundResult> rounds) {
    Map<String, List<FaultRoundResult>> byFault = new LinkedHashMap<>();
    rounds.forEach(
        round -> byFault.computeIfAbsent(round.fault(), f -> new ArrayList<>()).add(round));
    StringBuilder table =
        new StringBuilder(
            """
            | fault | rounds | calls | refused in time | longest call | lost | different | double | stuck | undecided |
            | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
            """);
    byFault.forEach((fault, its) -> table.append(row(fault, its)));
    return table.toString();
  }

  private static String row(String fault, List<FaultRoundResult> rounds) {
    return "| %s | %d | %d | %d | %d ms | %d | %d | %d | %d | %d |%n"
        .formatted(
            fault,
            rounds.size(),
            rounds.stream().mapToInt(FaultRoundResult::calls).sum(),
            rounds.stream().mapToInt(round -> round.refused() - round.stuck()).sum(),
            rounds.stream().mapToLong(round -> round.longest().toMillis()).max().orElse(0),
            count(rounds, LOST),
            count(rounds, DIFFERENT),
            count(rounds, DOUBLE),
            rounds.stream().mapToInt(FaultRoundResult::stuck).sum(),
            count(rounds, "undecided"));
  }

  private static long count(List<FaultRoundResult> rounds, String verdict) {
    return rounds.stream().filter(round -> round.verdict().equals(verdict)).count();
  }
}
