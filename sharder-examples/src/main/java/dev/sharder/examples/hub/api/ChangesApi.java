package dev.sharder.examples.hub.api;

import dev.sharder.admin.Change;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
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

  /** Changes, and the {@code after} of the next page. */
  record ChangePage(List<ChangeJson> changes, long next) {}

  CompletionStage<ApiResponse> list(ApiRequest call) {
    int limit =
        (int) call.number("limit", 1, AssignmentsApi.LONGEST_PAGE).orElse(AssignmentsApi.PAGE);
    long latest = call.number("latest", 0, AssignmentsApi.LONGEST_PAGE).orElse(-1);
    long after =
        latest < 0
            ? call.number("after", 0, Long.MAX_VALUE).orElse(0)
            : Math.max(0, kinds.admin(call.kind()).lastChange() - latest);
    long wait = call.number("wait", 0, LONGEST_WAIT_SECONDS).orElse(0);
    kinds.admin(call.kind());
    // Read first, so that no change between the page and the wait is missed.
    long revision = wait > 0 ? notifier.revision(call.kind()) : 0;
    ChangePage page = page(call.kind(), after, limit);
    if (wait == 0 || !page.changes().isEmpty()) {
      return CompletableFuture.completedStage(ApiResponse.ok(page));
    }
    return notifier
        .await(call.kind(), revision, Duration.ofSeconds(wait))
        .thenApplyAsync(woken -> ApiResponse.ok(page(call.kind(), after, limit)), call.worker());
  }

  private ChangePage page(String kind, long after, int limit) {
    List<Change> changes =
        kinds.store().history(kind, Optional.empty(), after, limit, SharderRegistry.deadline());
    return new ChangePage(
        ChangeJson.of(changes), changes.isEmpty() ? after : changes.get(changes.size() - 1).id());
  }
}
