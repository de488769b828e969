package dev.sharder.history;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;

/**
 * What the workers of a history do. A seed determines the operations, whatever their outcomes.
 *
 * @param kind the kind, which must be new
 * @param seed the seed of the random operations
 * @param threads the number of threads in each process
 * @param calls the number of calls of each thread, unless it is stopped before
 * @param sized whether some objects are larger than 1
 * @param inSql whether the store chooses the emptiest bin itself, or calls a policy that it does
 *     not recognize as the emptiest
 * @param stalenessMillis the staleness bound of the caches
 * @param lateMillis how stale a cached answer may be: the bound and a margin for a busy machine
 * @param timeLimitMillis the time limit of every call
 * @param pauseMillis the pause of each thread between two calls
 */
public record HistoryWorkload(
    String kind,
    long seed,
    int threads,
    int calls,
    boolean sized,
    boolean inSql,
    long stalenessMillis,
    long lateMillis,
    long timeLimitMillis,
    long pauseMillis) {

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Returns a workload whose options the seed determines. */
  public static HistoryWorkload of(long seed, int threads, int calls) {
    String kind = "history " + seed;
    boolean sized = seed % 3 == 0;
    boolean inSql = seed % 2 == 0;
    return new HistoryWorkload(kind, seed, threads, calls, sized, inSql, 100, 2_000, 30_000, 0);
  }

  /** Returns this workload with another staleness bound, and how stale answers may really be. */
  public HistoryWorkload withStaleness(Duration bound, Duration late) {
    return new HistoryWorkload(
        kind,
        seed,
        threads,
        calls,
        sized,
        inSql,
        bound.toMillis(),
        late.toMillis(),
        timeLimitMillis,
        pauseMillis);
  }

  /** Returns this workload with another time limit and another pause between two calls. */
  public HistoryWorkload withPace(Duration limit, Duration pause) {
    return new HistoryWorkload(
        kind,
        seed,
        threads,
        calls,
        sized,
        inSql,
        stalenessMillis,
        lateMillis,
        limit.toMillis(),
        pause.toMillis());
  }

  static HistoryWorkload parse(String json) throws JsonProcessingException {
    return JSON.readValue(json, HistoryWorkload.class);
  }

  String json() throws JsonProcessingException {
    return JSON.writeValueAsString(this);
  }
}
