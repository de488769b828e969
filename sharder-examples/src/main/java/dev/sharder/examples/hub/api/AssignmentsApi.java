package dev.sharder.examples.hub.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.sharder.Assignment;
import dev.sharder.AssignmentRequest;
import dev.sharder.InvalidValueException;
import dev.sharder.Placement;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.examples.hub.http.ErrorProblems;
import dev.sharder.examples.hub.http.Problem;
import dev.sharder.examples.hub.http.ProblemException;
import dev.sharder.store.Listing;
import io.undertow.util.StatusCodes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Returns, makes and lists assignments. */
final class AssignmentsApi {

  /** The most objects in one request. */
  static final int MOST_OBJECTS = 10_000;

  /** The most assignments or changes in a page. */
  static final int LONGEST_PAGE = 1_000;

  static final int PAGE = 100;

  private final SharderRegistry kinds;
  private final RecentAssignments newest;

  AssignmentsApi(SharderRegistry kinds, RecentAssignments newest) {
    this.kinds = kinds;
    this.newest = newest;
  }

  /** The size, group and attributes of an object that may be new. */
  record Wanted(
      @Nullable Long size,
      @Nullable String group,
      @Nullable Map<String, @Nullable String> attributes) {}

  /** A list of objects. */
  record ObjectList(@Nullable List<@Nullable String> objects) {}

  /** The answer for one object of many: an assignment or a problem. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record RosterAnswer(
      String object, @Nullable AssignmentJson assignment, @Nullable Problem problem) {}

  record RosterAnswers(List<RosterAnswer> answers) {}

  record AssignmentPage(List<AssignmentJson> assignments, @Nullable String next) {}

  ApiResponse get(ApiRequest call) {
    Assignment assignment =
        kinds
            .admin(call.kind())
            .find(call.object())
            .orElseThrow(
                () ->
                    new ProblemException(
                        StatusCodes.NOT_FOUND,
                        "object '%s' of kind '%s' has no assignment; PUT makes one"
                            .formatted(call.object(), call.kind())));
    return ApiResponse.ok(AssignmentJson.of(assignment));
  }

  ApiResponse newest(ApiRequest call) {
    int limit = (int) call.number("limit", 1, LONGEST_PAGE).orElse(PAGE);
    Set<String> bins = Set.copyOf(call.all("bin"));
    OptionalLong before = call.number("before", 1, Long.MAX_VALUE);
    long after = call.number("after", 0, Long.MAX_VALUE).orElse(0);
    kinds.admin(call.kind());
    return ApiResponse.ok(
        before.isPresent()
            ? newest.before(call.kind(), before.getAsLong(), limit, bins)
            : newest.after(call.kind(), after, limit, bins));
  }

  CompletionStage<ApiResponse> put(ApiRequest call) {
    Wanted wanted = call.body(Wanted.class, new Wanted(null, null, null));
    AssignmentRequest request =
        new AssignmentRequest(
            call.kind(),
            call.object(),
            wanted.size() == null ? 1 : wanted.size(),
            Optional.ofNullable(wanted.group()),
            given(wanted.attributes()));
    return kinds
        .sharder(call.kind())
        .assignAsync(request)
        .thenApply(
            placement ->
                ApiResponse.of(
                    placement.isNew() ? StatusCodes.CREATED : StatusCodes.OK,
                    AssignmentJson.of(placement)));
  }

  private static Map<String, String> given(@Nullable Map<String, @Nullable String> attributes) {
    Map<String, String> given = new HashMap<>();
    if (attributes != null) {
      attributes.forEach(
          (name, value) -> given.put(name, JsonBody.required("attributes." + name, value)));
    }
    return given;
  }

  /** Places objects in their order; a refused one does not affect the others. */
  CompletionStage<ApiResponse> putAll(ApiRequest call) {
    List<String> objects =
        texts("objects", JsonBody.required("objects", call.body(ObjectList.class).objects()));
    if (objects.size() > MOST_OBJECTS) {
      throw new InvalidValueException(
          "%d objects are too many for one request; send at most %d"
              .formatted(objects.size(), MOST_OBJECTS));
    }
    List<CompletionStage<Placement>> placing = kinds.sharder(call.kind()).assignEachAsync(objects);
    List<CompletableFuture<RosterAnswer>> answers = new ArrayList<>();
    for (int i = 0; i < objects.size(); i++) {
      String object = objects.get(i);
      answers.add(
          placing
              .get(i)
              .handle((placement, error) -> answer(object, placement, error))
              .toCompletableFuture());
    }
    return CompletableFuture.allOf(answers.toArray(CompletableFuture<?>[]::new))
        .thenApply(
            all ->
                ApiResponse.ok(
                    new RosterAnswers(answers.stream().map(CompletableFuture::join).toList())));
  }

  /** Returns the strings of a list; throws if it has anything else. */
  static List<String> texts(String field, List<@Nullable String> values) {
    List<String> texts = new ArrayList<>();
    for (String value : values) {
      if (value == null) {
        throw JsonBody.malformed("'%s[%d]' is not a string".formatted(field, texts.size()));
      }
      texts.add(value);
    }
    return texts;
  }

  private static RosterAnswer answer(
      String object, @Nullable Placement placement, @Nullable Throwable error) {
    return placement != null
        ? new RosterAnswer(object, AssignmentJson.of(placement), null)
        : new RosterAnswer(object, null, ErrorProblems.forProgram(error));
  }

  ApiResponse list(ApiRequest call) {
    ShardAdmin admin = kinds.admin(call.kind());
    int limit = (int) call.number("limit", 1, LONGEST_PAGE).orElse(PAGE);
    Set<String> bins = new HashSet<>(call.all("bin"));
    bins.forEach(admin::bin);
    // One more shows whether there is a next page.
    Iterator<Assignment> found = admin.list(listing(call, limit + 1).ofBins(bins));
    List<AssignmentJson> page = new ArrayList<>();
    while (page.size() < limit && found.hasNext()) {
      page.add(AssignmentJson.of(found.next()));
    }
    boolean isLast = page.size() < limit || !found.hasNext();
    return ApiResponse.ok(new AssignmentPage(page, isLast ? null : page.get(limit - 1).object()));
  }

  private static Listing listing(ApiRequest call, int limit) {
    String prefix = call.query("prefix").orElse("");
    Listing all = Listing.all(limit).startingWith(checked(call, prefix));
    String after = checked(call, call.query("after").orElse(""));
    if (after.isEmpty()) {
      return all;
    }
    if (!after.startsWith(prefix)) {
      throw new InvalidValueException(
          "'after' is '%s', which does not start with '%s'; use 'next' of the previous page, with the same prefix"
              .formatted(after, prefix));
    }
    return all.after(after);
  }

  /** Returns the text; throws if it is neither empty nor a valid name. */
  private static String checked(ApiRequest call, String text) {
    return text.isEmpty() ? text : AssignmentRequest.of(call.kind(), text).object();
  }
}
