package dev.sharder.examples.hub.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.sharder.AssignmentRequest;
import dev.sharder.admin.Explanation;
import dev.sharder.admin.Move;
import dev.sharder.admin.MoveMode;
import dev.sharder.examples.hub.http.ProblemException;
import io.undertow.util.StatusCodes;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Moves, removes and explains one object, and returns its history. */
final class ObjectsApi {

  private final SharderRegistry kinds;

  ObjectsApi(SharderRegistry kinds) {
    this.kinds = kinds;
  }

  /** The bin to move an object to, and the version it must have. */
  record Destination(
      @Nullable String bin,
      @Nullable Long version,
      @Nullable Boolean force,
      @Nullable String reason) {}

  record History(List<ChangeJson> changes) {}

  record ExplanationJson(
      String object,
      @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable AssignmentJson assignment,
      @Nullable String wouldGet,
      Map<String, String> others) {}

  ApiResponse move(ApiRequest call) {
    Destination destination = call.body(Destination.class);
    Move move = Move.of(call.object(), JsonBody.required("bin", destination.bin()));
    Long version = destination.version();
    return ApiResponse.ok(
        AssignmentJson.of(
            kinds
                .admin(call.kind())
                .move(
                    version == null ? move : move.ifVersion(version),
                    Boolean.TRUE.equals(destination.force()) ? MoveMode.FORCED : MoveMode.CHECKED,
                    call.note(destination.reason()))));
  }

  ApiResponse remove(ApiRequest call) {
    return ApiResponse.ok(
        AssignmentJson.of(
            kinds
                .admin(call.kind())
                .remove(
                    call.object(),
                    call.number("version", 1, Long.MAX_VALUE),
                    call.note(call.query("reason").orElse(null)))));
  }

  ApiResponse history(ApiRequest call) {
    return ApiResponse.ok(
        new History(ChangeJson.of(kinds.admin(call.kind()).history(call.object()))));
  }

  /** Parses attributes that are written as in {@code region=eu}. */
  private static Map<String, String> attributes(List<String> texts) {
    Map<String, String> attributes = new HashMap<>();
    for (String text : texts) {
      int sign = text.indexOf('=');
      if (sign < 0) {
        throw new ProblemException(
            StatusCodes.BAD_REQUEST,
            "the parameter 'attribute' is '%s'; write it like region=eu".formatted(text));
      }
      if (attributes.put(text.substring(0, sign), text.substring(sign + 1)) != null) {
        throw new ProblemException(
            StatusCodes.BAD_REQUEST,
            "the attribute '%s' is given twice; give it once".formatted(text.substring(0, sign)));
      }
    }
    return attributes;
  }

  ApiResponse explain(ApiRequest call) {
    AssignmentRequest request =
        new AssignmentRequest(
            call.kind(),
            call.object(),
            call.number("size", 1, AssignmentRequest.MAX_SIZE).orElse(1),
            call.query("group"),
            attributes(call.all("attribute")));
    Explanation explanation = kinds.admin(call.kind()).explain(request);
    Optional<AssignmentJson> assignment = explanation.assignment().map(AssignmentJson::of);
    return ApiResponse.ok(
        new ExplanationJson(
            call.object(),
            assignment.orElse(null),
            explanation.wouldGet().orElse(null),
            new TreeMap<>(explanation.others())));
  }
}
