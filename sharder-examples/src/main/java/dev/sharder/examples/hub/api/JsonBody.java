package dev.sharder.examples.hub.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import dev.sharder.examples.hub.http.ProblemException;
import dev.sharder.examples.hub.http.StrictJson;
import io.undertow.util.StatusCodes;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads a request's body strictly; errors name the field that is wrong. */
final class JsonBody {

  private JsonBody() {}

  static String text(byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException malformed) {
      throw malformed("it is not UTF-8; encode it as UTF-8");
    }
  }

  static <T> T read(String text, Class<T> type) {
    try {
      T value = StrictJson.STRICT.readValue(text, type);
      if (value == null) {
        throw malformed("it is null; send an object");
      }
      return value;
    } catch (JsonProcessingException wrong) {
      throw malformed(complaint(wrong));
    }
  }

  static ProblemException malformed(String complaint) {
    return new ProblemException(StatusCodes.BAD_REQUEST, "the body is malformed: " + complaint);
  }

  /** Returns the value of a required field. */
  static <T> T required(String field, @Nullable T value) {
    if (value == null) {
      throw malformed("'%s' is missing; add it".formatted(field));
    }
    return value;
  }

  private static String complaint(JsonProcessingException wrong) {
    if (wrong instanceof UnrecognizedPropertyException unknown) {
      return "field '%s' is unknown; use one of %s"
          .formatted(path(unknown), known(unknown.getKnownPropertyIds()));
    }
    if (wrong instanceof MismatchedInputException mismatch) {
      String path = path(mismatch);
      return "%s is not %s".formatted(path.isEmpty() ? "it" : "'" + path + "'", wanted(mismatch));
    }
    if (wrong instanceof JsonMappingException mapping && !path(mapping).isEmpty()) {
      return "'%s' is malformed, too large, or given twice".formatted(path(mapping));
    }
    return "it is not JSON, or has a field twice; send one JSON object";
  }

  private static String path(JsonMappingException error) {
    return error.getPath().stream()
        .map(
            step ->
                step.getFieldName() == null
                    ? "[" + step.getIndex() + "]"
                    : "." + step.getFieldName())
        .collect(Collectors.joining())
        .replaceFirst("^\\.", "");
  }

  private static String wanted(MismatchedInputException mismatch) {
    Class<?> type = mismatch.getTargetType();
    if (type == Integer.class || type == Long.class || type == int.class || type == long.class) {
      return "a whole number in range";
    }
    if (type == Double.class) {
      return "a number";
    }
    if (type == Boolean.class) {
      return "true or false";
    }
    if (type == String.class) {
      return "a string";
    }
    boolean isList = type != null && Collection.class.isAssignableFrom(type);
    return isList ? "a list" : type == null ? "complete" : map(type);
  }

  private static String map(Class<?> type) {
    return Map.class.isAssignableFrom(type) ? "an object with strings" : "an object";
  }

  private static String known(@Nullable Collection<Object> fields) {
    return fields == null
        ? "those in openapi.yaml"
        : fields.stream().map(Object::toString).sorted().collect(Collectors.joining(", "));
  }
}
