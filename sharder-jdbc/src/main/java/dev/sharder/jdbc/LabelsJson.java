package dev.sharder.jdbc;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.sql.SQLException;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.argument.ArgumentFactory;
import org.jdbi.v3.core.generic.GenericTypes;

/** Converts labels and lists to JSON, and labels back. */
final class LabelsJson {

  private static final ObjectMapper MAPPER =
      // Sorted, so that equal labels have equal JSON.
      JsonMapper.builder().enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS).build();

  private LabelsJson() {}

  /** Returns a factory that binds every argument of the type as JSON. */
  static ArgumentFactory.Preparable writing(Class<?> type) {
    return (declared, config) ->
        type.isAssignableFrom(GenericTypes.getErasedType(declared))
            ? Optional.of(
                value ->
                    (position, statement, context) -> statement.setString(position, write(value)))
            : Optional.empty();
  }

  static Map<String, String> readLabels(String text) throws SQLException {
    try {
      return MAPPER.readValue(text, new TypeReference<>() {});
    } catch (JsonProcessingException malformed) {
      throw new SQLException("the labels are not a JSON object of strings: " + text, malformed);
    }
  }

  static String write(Object value) {
    try {
      return MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException unwritable) {
      throw new IllegalArgumentException("cannot be written as JSON: " + value, unwritable);
    }
  }
}
