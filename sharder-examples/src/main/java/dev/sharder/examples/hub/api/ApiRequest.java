package dev.sharder.examples.hub.api;

import dev.sharder.admin.Note;
import dev.sharder.examples.hub.http.ProblemException;
import dev.sharder.examples.hub.http.WholeNumber;
import io.undertow.util.StatusCodes;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * One request to the API.
 *
 * @param names the names in its path, decoded
 * @param queries the parameters of its query, decoded; one value each, except for those that may be
 *     repeated
 * @param body its body
 * @param isOnlyNew whether it must not replace what exists ({@code If-None-Match: *})
 * @param actor who makes changes; empty if the client may only read and assign
 * @param worker runs work that blocks on the store after the operation has returned
 */
record ApiRequest(
    Map<String, String> names,
    Map<String, List<String>> queries,
    String body,
    boolean isOnlyNew,
    Optional<String> actor,
    Executor worker) {

  private static final String BY_DEFAULT = "by the API";

  String kind() {
    return name("kind");
  }

  String object() {
    return name("object");
  }

  String bin() {
    return name("bin");
  }

  private String name(String what) {
    return names.getOrDefault(what, "");
  }

  List<String> all(String query) {
    return queries.getOrDefault(query, List.of());
  }

  Optional<String> query(String query) {
    return all(query).stream().findFirst();
  }

  /** Returns the whole number in a query parameter, if present; throws if it is out of range. */
  OptionalLong number(String query, long least, long most) {
    Optional<String> text = query(query);
    if (text.isEmpty()) {
      return OptionalLong.empty();
    }
    OptionalLong number = WholeNumber.of(text.get());
    if (number.isEmpty() || number.getAsLong() < least || number.getAsLong() > most) {
      throw new ProblemException(
          StatusCodes.BAD_REQUEST,
          "the parameter '%s' is '%s', not a whole number from %d to %d"
              .formatted(query, text.get(), least, most));
    }
    return number;
  }

  <T> T body(Class<T> type) {
    if (body.isEmpty()) {
      throw JsonBody.malformed("it is missing; send a JSON object");
    }
    return JsonBody.read(body, type);
  }

  /** Reads the body, which is optional. */
  <T> T body(Class<T> type, T otherwise) {
    return body.isEmpty() ? otherwise : JsonBody.read(body, type);
  }

  /** Returns the note for the history; routes for token holders always have an actor. */
  Note note(@Nullable String reason) {
    return new Note(actor.orElseThrow(), reason == null ? BY_DEFAULT : reason);
  }
}
