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
 * What came of one round.
 *
 * @param fault what struck
 * @param seed of the history and of the fault
 * @param calls that were begun
 * @param failures that callers were answered, by the name of the error
 * @param longest call that was answered
 * @param stuck calls that took longer than they may, or had no answer although their process lives
 * @param verdict of the round in one word: explained, lost, different, double, stuck, undecided
 */
record FaultRound(
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

  /** Returns the failures that callers were answered, by the name of the error. */
  static Map<String, Integer> failures(Collection<Call> calls) {
    Map<String, Integer> failures = new TreeMap<>();
    for (Call call : calls) {
      if (call.outcome() instanceof Outcome.Unknown unknown && unknown.told() != Call.OPEN) {
        failures.merge(unknown.why().split(":", 2)[0], 1, Integer::sum);
      }
    }
    return failures;
  }

  /** Returns the longest of the calls that were answered. */
  static Duration longest(Collection<Call> calls) {
    return Duration.ofNanos(
        calls.stream()
            .filter(call -> call.answered() != Call.OPEN)
            .mapToLong(call -> call.answered() - call.start())
            .max()
            .orElse(0));
  }

  private int refused() {
    return failures.values().stream().mapToInt(Integer::intValue).sum();
  }

  /** Appends a line to a file, which begins with the names of its columns. */
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

  /** A table of all rounds, a line for each fault. */
  static String table(List<FaultRound> rounds) {
    Map<String, List<FaultRound>> byFault = new LinkedHashMap<>();
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

  private static String row(String fault, List<FaultRound> rounds) {
    return "| %s | %d | %d | %d | %d ms | %d | %d | %d | %d | %d |%n"
        .formatted(
            fault,
            rounds.size(),
            rounds.stream().mapToInt(FaultRound::calls).sum(),
            rounds.stream().mapToInt(round -> round.refused() - round.stuck()).sum(),
            rounds.stream().mapToLong(round -> round.longest().toMillis()).max().orElse(0),
            count(rounds, LOST),
            count(rounds, DIFFERENT),
            count(rounds, DOUBLE),
            rounds.stream().mapToInt(FaultRound::stuck).sum(),
            count(rounds, "undecided"));
  }

  private static long count(List<FaultRound> rounds, String verdict) {
    return rounds.stream().filter(round -> round.verdict().equals(verdict)).count();
  }
}
