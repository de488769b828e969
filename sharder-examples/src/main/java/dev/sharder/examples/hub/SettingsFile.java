package dev.sharder.examples.hub;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.sharder.Bin;
import dev.sharder.BinState;
import dev.sharder.InvalidValueException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The YAML file with settings. Every key may be left out.
 *
 * @param listen HOST:PORT
 * @param database a JDBC URL
 * @param lowercase whether user names are lowercased
 * @param location where to send a user, with {bin} and {path} in it
 * @param bins the hubs, each a name or a mapping
 */
record SettingsFile(
    @Nullable String listen,
    @Nullable String database,
    @Nullable Boolean lowercase,
    @Nullable String location,
    @Nullable List<Entry> bins) {

  static final SettingsFile EMPTY = new SettingsFile(null, null, null, null, null);

  private static final ObjectReader YAML =
      YAMLMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .build()
          .readerFor(SettingsFile.class);

  /** A hub in the file: {@code - hub-1}, or a mapping with a name and more. */
  record Entry(Bin bin) {

    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    static Entry named(String name) {
      return new Entry(Bin.of(name));
    }

    @JsonCreator
    static Entry of(
        @JsonProperty(value = "name", required = true) String name,
        @JsonProperty("weight") @Nullable Integer weight,
        @JsonProperty("offset") @Nullable Long offset,
        @JsonProperty("capacity") @Nullable Long capacity,
        @JsonProperty("labels") @Nullable Map<String, String> labels) {
      return new Entry(
          new Bin(
              name,
              Objects.requireNonNullElse(weight, 1),
              Objects.requireNonNullElse(offset, 0L),
              capacity == null ? OptionalLong.empty() : OptionalLong.of(capacity),
              BinState.OPEN,
              Objects.requireNonNullElse(labels, Map.of())));
    }
  }

  List<Bin> declared() {
    return bins == null ? List.of() : bins.stream().map(Entry::bin).toList();
  }

  /** Reads a file, or says in which line it is wrong. */
  static SettingsFile read(Path file) {
    try (MappingIterator<SettingsFile> documents = YAML.readValues(Files.readString(file))) {
      SettingsFile settings =
          documents.hasNextValue()
              ? Objects.requireNonNullElse(documents.nextValue(), EMPTY)
              : EMPTY;
      if (documents.hasNextValue()) {
        throw new SettingsException(
            "%s holds more than one document; take out the second '---'".formatted(file));
      }
      return settings;
    } catch (JsonProcessingException error) {
      throw new SettingsException(place(file, error) + ": " + complaint(error));
    } catch (IOException error) {
      throw new SettingsException(
          "configuration file '%s' cannot be read (%s); name a readable YAML file in UTF-8"
              .formatted(file, error));
    }
  }

  private static String place(Path file, JsonProcessingException error) {
    JsonLocation location = error.getLocation();
    return location == null ? file.toString() : file + " line " + location.getLineNr();
  }

  private static String complaint(JsonProcessingException error) {
    if (error instanceof UnrecognizedPropertyException unknown) {
      return "unknown key '%s'; use one of %s"
          .formatted(path(unknown), join(unknown.getKnownPropertyIds()));
    }
    if (error.getCause() instanceof InvalidValueException invalid) {
      return invalid.getMessage();
    }
    if (error instanceof MismatchedInputException mismatch && !path(mismatch).isEmpty()) {
      return "%s is not %s; %s"
          .formatted(path(mismatch), wanted(mismatch.getTargetType()), firstSentence(error));
    }
    return firstSentence(error) + "; mend the YAML there";
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

  private static String wanted(@Nullable Class<?> type) {
    if (type == Integer.class || type == Long.class) {
      return "a whole number";
    }
    if (type == Boolean.class) {
      return "true or false";
    }
    if (type == String.class) {
      return "a text";
    }
    return type == List.class ? "a list" : "a name or a mapping with a name";
  }

  private static String join(Collection<Object> keys) {
    return keys.stream().map(Object::toString).sorted().collect(Collectors.joining(", "));
  }

  private static String firstSentence(JsonProcessingException error) {
    return String.valueOf(error.getOriginalMessage()).lines().findFirst().orElse("");
  }
}
