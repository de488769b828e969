package dev.sharder.history;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;

/**
 * What the workers of a history do. The same seed asks for the same things, whatever comes of them.
 *
 * @param kind the namespace, which must be new
 * @param seed of what is drawn
 * @param threads in each process
 * @param calls of each thread, unless it is stopped before
 * @param sized whether some objects are larger than 1
 * @param inSql whether the emptiest bin is chosen by the store's own means, or by a policy that the
 *     store does not know to be the emptiest
 * @param stalenessMillis the bound of the caches
 * @param lateMillis how late an answer from memory may be: the bound, and what a busy machine adds
 * @param timeLimitMillis of every call
 * @param pauseMillis of each thread between two calls
 */
public record Workload(
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

  /** Returns a workload of which the seed draws what may be drawn. */
  public static Workload of(long seed, int threads, int calls) {
    String kind = "history " + seed;
    boolean sized = seed % 3 == 0;
    boolean inSql = seed % 2 == 0;
    return new Workload(kind, seed, threads, calls, sized, inSql, 100, 2_000, 30_000, 0);
  }

  /** Returns this workload with another bound of the caches, kept as well as that. */
  public Workload withStaleness(Duration bound, Duration late) {
    return new Workload(
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

  /**
   * Returns this workload with another time limit, and a pause of each thread between two calls.
   */
  public Workload withPace(Duration limit, Duration pause) {
    return new Workload(
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

  static Workload parse(String json) throws JsonProcessingException {
    return JSON.readValue(json, Workload.class);
  }

  String json() throws JsonProcessingException {
    return JSON.writeValueAsString(this);
  }
}
