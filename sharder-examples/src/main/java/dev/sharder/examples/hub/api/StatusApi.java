package dev.sharder.examples.hub.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.sharder.AssignmentRequest;
import dev.sharder.BinLoad;
import dev.sharder.PolicyException;
import dev.sharder.StoreException;
import dev.sharder.TimeLimitException;
import dev.sharder.admin.Explanation;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.examples.hub.http.ThrottledLog;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** Reports whether new objects of a kind can be placed, and whether what that takes works. */
final class StatusApi {

  private static final Duration TIME_LIMIT = Duration.ofSeconds(2);
  private static final int REPLICA_LIMIT_SECONDS = 1;

  /** A name that is never assigned; explaining it shows whether a new object could be. */
  private static final String PROBE = "status probe";

  /** The most reasons in a detail. */
  private static final int MOST_REASONS = 5;

  private final ThrottledLog failures = new ThrottledLog(LoggerFactory.getLogger(StatusApi.class));
  private final SharderRegistry kinds;
  private final RecentAssignments newest;
  private final ServerParts parts;

  StatusApi(SharderRegistry kinds, RecentAssignments newest, ServerParts parts) {
    this.kinds = kinds;
    this.newest = newest;
    this.parts = parts;
  }

  /** Whether a part works; otherwise the detail says what is wrong. */
  record PartState(boolean works, @Nullable String detail) {

    static final PartState WORKS = new PartState(true, null);

    static PartState broken(String detail) {
      return new PartState(false, detail);
    }
  }

  /**
   * The state of a kind.
   *
   * @param replica left out where there is none
   * @param watcher left out for kinds whose assignments are not kept in memory
   * @param newPerMinute the new assignments of each of the last 60 minutes, the oldest first
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record KindStatus(
      PartState placing,
      PartState database,
      @Nullable PartState replica,
      @Nullable PartState watcher,
      List<Long> newPerMinute) {}

  private record Placing(PartState placing, PartState database) {}

  ApiResponse get(ApiRequest call) {
    Placing placing = placing(call.kind());
    return ApiResponse.ok(
        new KindStatus(
            placing.placing(),
            placing.database(),
            parts.replica().map(StatusApi::replica).orElse(null),
            kinds.answerAge(call.kind()).map(this::watcher).orElse(null),
            newest.perMinute(call.kind())));
  }

  private Placing placing(String kind) {
    try {
      ShardAdmin admin = kinds.admin(kind, TIME_LIMIT);
      return new Placing(placing(admin), PartState.WORKS);
    } catch (PolicyException failure) {
      failures.warn("the status of kind '{}': {}", kind, failure.getMessage());
      return new Placing(PartState.broken("the policy fails; see the log"), PartState.WORKS);
    } catch (StoreException | TimeLimitException failure) {
      failures.warn("the status of kind '{}': {}", kind, failure.getMessage());
      return new Placing(
          PartState.broken("the database fails"),
          PartState.broken(
              failure instanceof TimeLimitException
                  ? "it does not answer within %d s; see the log".formatted(TIME_LIMIT.toSeconds())
                  : "it refuses; see the log"));
    }
  }

  /** Objects of other kinds may need attributes, which the probe has not. */
  private PartState placing(ShardAdmin admin) {
    if (!kinds.areUsers(admin.kind())) {
      List<BinLoad> bins = admin.bins();
      return bins.stream().anyMatch(bin -> bin.refusal().isEmpty())
          ? PartState.WORKS
          : PartState.broken(
              reasons(
                  bins.stream()
                      .collect(Collectors.toMap(BinLoad::name, bin -> bin.refusal().orElse("")))));
    }
    Explanation explanation = admin.explain(AssignmentRequest.of(admin.kind(), PROBE));
    return explanation.wouldGet().isPresent() || explanation.assignment().isPresent()
        ? PartState.WORKS
        : PartState.broken(reasons(explanation.others()));
  }

  private static String reasons(Map<String, String> refusals) {
    String first =
        refusals.entrySet().stream()
            .sorted(Map.Entry.comparingByKey())
            .limit(MOST_REASONS)
            .map(refusal -> refusal.getKey() + " " + refusal.getValue())
            .collect(Collectors.joining(", "));
    int more = refusals.size() - MOST_REASONS;
    return more > 0 ? first + ", and %d more".formatted(more) : first;
  }

  private static PartState replica(DataSource replica) {
    try (Connection connection = replica.getConnection()) {
      return connection.isValid(REPLICA_LIMIT_SECONDS)
          ? PartState.WORKS
          : PartState.broken("it does not answer; the primary does its work");
    } catch (SQLException away) {
      return PartState.broken("it cannot be reached; the primary does its work");
    }
  }

  private PartState watcher(Duration age) {
    return age.compareTo(parts.staleness()) <= 0
        ? PartState.WORKS
        : PartState.broken(
            "changes in the database have not been seen for %d ms".formatted(age.toMillis()));
  }
}
