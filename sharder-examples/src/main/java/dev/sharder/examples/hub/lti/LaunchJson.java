package dev.sharder.examples.hub.lti;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Map;

/** What a launch says, as it is kept. */
final class LaunchJson {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private LaunchJson() {}

  static String write(Map<String, ?> values) {
    try {
      return MAPPER.writeValueAsString(values);
    } catch (JsonProcessingException impossible) {
      throw new IllegalStateException("texts, numbers, lists and maps are JSON", impossible);
    }
  }
}
