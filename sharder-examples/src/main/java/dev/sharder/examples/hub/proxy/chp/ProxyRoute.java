package dev.sharder.examples.hub.proxy.chp;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sharder.InvalidValueException;
import dev.sharder.examples.hub.proxy.Target;
import dev.sharder.examples.hub.proxy.Traffic;
import java.io.IOException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Map;

/** A path, and the server that requests below it are carried to. Thread-safe. */
final class ProxyRoute {

  static final String TARGET = "target";
  static final String LAST_ACTIVITY = "last_activity";

  private static final DateTimeFormatter MILLIS =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

  private final String path;
  private final Target target;
  private final ObjectNode data;
  private final Traffic traffic;
  private volatile long lastActivity;

  /**
   * Creates a route.
   *
   * @param path decoded, as {@link RoutePath#toString} returns it
   * @param data what was said of it, with the target as text
   * @param traffic is notified of the requests to it
   * @throws InvalidValueException if there is no target, or it is none
   */
  ProxyRoute(String path, ObjectNode data, Traffic traffic, Instant lastActivity) {
    this.path = path;
    this.data = data.deepCopy().without(LAST_ACTIVITY);
    this.target = target(data);
    this.traffic = traffic;
    this.lastActivity = lastActivity.toEpochMilli();
  }

  private static Target target(JsonNode data) {
    JsonNode target = data.path(TARGET);
    if (!target.isTextual()) {
      throw new InvalidValueException(
          "'target' is missing or no text; send an object such as {\"target\": \"http://127.0.0.1:8081\"}");
    }
    return Target.parse(target.textValue());
  }

  String path() {
    return path;
  }

  Target target() {
    return target;
  }

  Traffic traffic() {
    return traffic;
  }

  Instant lastActivity() {
    return Instant.ofEpochMilli(lastActivity);
  }

  void noteActivity(long millis) {
    lastActivity = millis;
  }

  /** Writes what was said of it and when it was last used, as an object. */
  void writeTo(JsonGenerator json) throws IOException {
    json.writeStartObject();
    for (Map.Entry<String, JsonNode> field : data.properties()) {
      json.writeFieldName(field.getKey());
      json.writeTree(field.getValue());
    }
    json.writeStringField(LAST_ACTIVITY, MILLIS.format(lastActivity()));
    json.writeEndObject();
  }
}
