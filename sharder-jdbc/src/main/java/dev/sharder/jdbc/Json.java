package dev.sharder.jdbc;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.StringWriter;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jdbi.v3.core.argument.ArgumentFactory;
import org.jdbi.v3.core.generic.GenericTypes;
import org.jspecify.annotations.Nullable;

/** Converts labels and lists to JSON, and labels back. */
final class Json {

  /** Tokens alone, because a mapper takes longer to load than a command takes to run. */
  private static final JsonFactory JSON = new JsonFactory();

  private Json() {}

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
    try (JsonParser json = JSON.createParser(text)) {
      Map<String, String> labels = new HashMap<>();
      boolean isObject = json.nextToken() == JsonToken.START_OBJECT;
      for (String name = json.nextFieldName(); name != null; name = json.nextFieldName()) {
        labels.put(name, json.nextTextValue());
        isObject &= json.hasToken(JsonToken.VALUE_STRING);
      }
      if (isObject && json.hasToken(JsonToken.END_OBJECT) && json.nextToken() == null) {
        return labels;
      }
      throw malformed(text, null);
    } catch (IOException failure) {
      throw malformed(text, failure);
    }
  }

  private static SQLException malformed(String text, @Nullable IOException failure) {
    return new SQLException("the labels are not a JSON object of strings: " + text, failure);
  }

  static String write(Object value) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(text)) {
      write(json, value);
    } catch (IOException unwritable) {
      throw new IllegalArgumentException("cannot be written as JSON: " + value, unwritable);
    }
    return text.toString();
  }

  private static void write(JsonGenerator json, @Nullable Object value) throws IOException {
    if (value instanceof Map<?, ?> map) {
      json.writeStartObject();
      // Sorted, so that equal labels have equal JSON.
      for (Map.Entry<?, ?> entry : new TreeMap<>(map).entrySet()) {
        json.writeFieldName(String.valueOf(entry.getKey()));
        write(json, entry.getValue());
      }
      json.writeEndObject();
    } else if (value instanceof Collection<?> all) {
      json.writeStartArray();
      for (Object one : all) {
        write(json, one);
      }
      json.writeEndArray();
    } else {
      json.writeObject(value);
    }
  }
}
