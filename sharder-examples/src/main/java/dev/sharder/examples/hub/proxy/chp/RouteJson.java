package dev.sharder.examples.hub.proxy.chp;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Optional;

/** Reads and writes routes as JSON; what is not known of it is kept as it came. */
final class RouteJson {

  /** Numbers come back as they were sent, however many digits they have. */
  private static final JsonMapper EXACT =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
          .build();

  private RouteJson() {}

  /** Reads an object; empty if it is anything else. */
  static Optional<ObjectNode> object(byte[] json) {
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(json)).toString();
      return EXACT.readTree(text) instanceof ObjectNode object
          ? Optional.of(object)
          : Optional.empty();
    } catch (JsonProcessingException | CharacterCodingException malformed) {
      return Optional.empty();
    }
  }

  /** Returns an object with the data of a route that has just this target. */
  static ObjectNode ofTarget(String target) {
    return EXACT.createObjectNode().put(ProxyRoute.TARGET, target);
  }

  /** Returns one route as an object. */
  static byte[] of(ProxyRoute route) {
    return written(route::writeTo);
  }

  /** Returns an object with the routes by their paths. */
  static byte[] of(Collection<ProxyRoute> routes) {
    return written(
        json -> {
          json.writeStartObject();
          for (ProxyRoute route : routes) {
            json.writeFieldName(route.path());
            route.writeTo(json);
          }
          json.writeEndObject();
        });
  }

  private interface JsonText {
    void writeTo(JsonGenerator json) throws IOException;
  }

  private static byte[] written(JsonText text) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = EXACT.createGenerator(bytes)) {
      text.writeTo(json);
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    return bytes.toByteArray();
  }
}
