package dev.sharder.examples.hub.api;

import dev.sharder.admin.Change;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Lists the changes of a kind in the order they were made, and waits for new ones. */
final class ChangesApi {

  private static final long LONGEST_WAIT_SECONDS = 30;

  private final SharderRegistry kinds;
  private final ChangeNotifier notifier;

  ChangesApi(SharderRegistry kinds, ChangeNotifier notifier) {
    this.kinds = kinds;
    this.notifier = notifier;
  }

  /** The most changes that one request for older ones looks through, in parts. */
  private static final int MOST_PARTS = 10;

  /**
   * Changes in the order they were made, and the {@code after} or {@code before} of the next page.
   */
  record ChangePage(List<ChangeJson> changes, long next) {}

  CompletionStage<ApiResponse> list(ApiRequest call) {
    int limit =
        (int) call.number("limit", 1, AssignmentsApi.LONGEST_PAGE).orElse(AssignmentsApi.PAGE);
    OptionalLong before = call.number("before", 1, Long.MAX_VALUE);
    if (before.isPresent()) {
      return CompletableFuture.completedStage(
          ApiResponse.ok(older(call, before.getAsLong(), limit)));
    }
    long latest = call.number("latest", 0, AssignmentsApi.LONGEST_PAGE).orElse(-1);
    long after =
        latest < 0
            ? call.number("after", 0, Long.MAX_VALUE).orElse(0)
            : Math.max(0, kinds.admin(call.kind()).lastChange() - latest);
    long wait = call.number("wait", 0, LONGEST_WAIT_SECONDS).orElse(0);
    kinds.admin(call.kind());
    // Read first, so that no change between the page and the wait is missed.
    long revision = wait > 0 ? notifier.revision(call.kind()) : 0;
    ChangePage page = page(call, after, limit);
    // A page whose changes the filter leaves out is answered as well: the client goes on after it.
    if (wait == 0 || page.next() != after) {
      return CompletableFuture.completedStage(ApiResponse.ok(page));
    }
    return notifier
        .await(call.kind(), revision, Duration.ofSeconds(wait))
        .thenApplyAsync(woken -> ApiResponse.ok(page(call, after, limit)), call.worker());
  }

  private ChangePage page(ApiRequest call, long after, int limit) {
    List<Change> changes = changes(call.kind(), after, limit);
    return new ChangePage(
        ChangeJson.of(changes.stream().filter(ChangeFilter.of(call)::accepts).toList()),
        changes.isEmpty() ? after : changes.get(changes.size() - 1).id());
  }

  private List<Change> changes(String kind, long after, int limit) {
    return kinds.store().history(kind, Optional.empty(), after, limit, SharderRegistry.deadline());
  }

  /** Returns the newest changes before an id. The ids of a kind ascend without large gaps. */
  private ChangePage older(ApiRequest call, long before, int limit) {
    long end = Math.min(before, kinds.admin(call.kind()).lastChange() + 1);
    ChangeFilter filter = ChangeFilter.of(call);
    List<Change> newestFirst = new ArrayList<>();
    for (int part = 0; part < MOST_PARTS && end > 1 && newestFirst.size() < limit; part++) {
      long start = Math.max(0, end - 1 - AssignmentsApi.LONGEST_PAGE);
      List<Change> below = changesBelow(call.kind(), start, end);
      below.stream()
          .filter(filter::accepts)
          .limit(limit - newestFirst.size())
          .forEach(newestFirst::add);
      end = newestFirst.size() == limit ? newestFirst.get(newestFirst.size() - 1).id() : start + 1;
    }
    Collections.reverse(newestFirst);
    return new ChangePage(ChangeJson.of(newestFirst), end > 1 ? end : 0);
  }

  /** Returns the changes between two ids, the newest first. */
  private List<Change> changesBelow(String kind, long start, long end) {
    List<Change> changes = new ArrayList<>(changes(kind, start, AssignmentsApi.LONGEST_PAGE));
    changes.removeIf(change -> change.id() >= end);
    Collections.reverse(changes);
    return changes;
  }
}
