package dev.sharder.examples.hub;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.type.LogicalType;
import dev.sharder.Bin;
import dev.sharder.BinPolicy;
import dev.sharder.BinState;
import dev.sharder.InvalidValueException;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/**
 * The YAML file with settings. Every key may be left out.
 *
 * @param listen HOST:PORT
 * @param database a JDBC URL
 * @param lowercase whether user names are lowercased
 * @param location where to send a user, with {bin} and {path} in it
 * @param ramp the most newcomers that far emptier hubs take, as a share
 * @param trusted the peers whose word counts
 * @param bins the hubs, each a name or a mapping
 */
record SettingsFile(
    @Nullable String listen,
    @Nullable String database,
    @Nullable Boolean lowercase,
    @Nullable String location,
    @Nullable Double ramp,
    @Nullable List<String> trusted,
    @Nullable List<Entry> bins) {

  static final SettingsFile EMPTY = new SettingsFile(null, null, null, null, null, null, null);

  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          // An unquoted yes, no or 1.10 is no text to YAML, and must not become another one to us.
          .withCoercionConfig(
              LogicalType.Textual,
              texts ->
                  texts
                      .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail)
                      .setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
                      .setCoercion(CoercionInputShape.Float, CoercionAction.Fail))
          .build();

  /** A hub in the file: {@code - hub-1}, or a mapping with a name and more. */
  record Entry(Bin bin) {

    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    static Entry named(String name) {
      return new Entry(Bin.of(name));
    }

    @JsonCreator
    static Entry of(
        @JsonProperty("name") @Nullable String name,
        @JsonProperty("weight") @Nullable Integer weight,
        @JsonProperty("offset") @Nullable Long offset,
        @JsonProperty("capacity") @Nullable Long capacity,
        @JsonProperty("labels") @Nullable Map<String, String> labels) {
      if (name == null) {
        throw new InvalidValueException("a bin has no name; give it one, such as 'name: hub-1'");
      }
      return new Entry(
          new Bin(
              name,
              Objects.requireNonNullElse(weight, 1),
              Objects.requireNonNullElse(offset, 0L),
              capacity == null ? OptionalLong.empty() : OptionalLong.of(capacity),
              BinState.OPEN,
              labels == null ? Map.of() : checked(name, labels)));
    }
  }

  private static Map<String, String> checked(String bin, Map<String, String> labels) {
    if (labels.containsValue(null)) {
      throw new InvalidValueException(
          "bin '%s' has a label without a value; give it one or take it out".formatted(bin));
    }
    return labels;
  }

  SettingsFile {
    if (trusted != null && trusted.contains(null)) {
      throw new InvalidValueException(
          "trusted has an entry without a value; give it an address or take it out");
    }
    if (ramp != null) {
      BinPolicy.ramped(ramp, BinPolicy.emptiest());
    }
    if (bins != null && bins.contains(null)) {
      throw new InvalidValueException(
          "bins has an entry without a value; give it a name or take it out");
    }
  }

  List<Bin> declared() {
    return bins == null ? List.of() : bins.stream().map(Entry::bin).toList();
  }

  /** Reads a file, or says in which line it is wrong. */
  static SettingsFile read(Path file) {
    String text;
    try {
      text = Files.readString(file);
    } catch (IOException error) {
      throw new SettingsException(
          "configuration file '%s' cannot be read (%s); name a readable YAML file in UTF-8"
              .formatted(file, error));
    }
    try {
      return read(file, text);
    } catch (MarkedYAMLException error) {
      throw new SettingsException(
          "%s line %d: %s; mend the YAML there"
              .formatted(file, error.getProblemMark().getLine() + 1, problem(error)));
    } catch (YAMLException error) {
      throw new SettingsException(
          "%s is no YAML: %s"
              .formatted(file, String.valueOf(error.getMessage()).lines().findFirst().orElse("")));
    }
  }

  private static SettingsFile read(Path file, String text) {
    LoaderOptions options = new LoaderOptions();
    options.setAllowDuplicateKeys(false);
    Object values = new Yaml(new SafeConstructor(options)).load(text);
    if (values == null) {
      return EMPTY;
    }
    try {
      return MAPPER.treeToValue(MAPPER.valueToTree(values), SettingsFile.class);
    } catch (JsonProcessingException error) {
      Node root = new Yaml(options).compose(new StringReader(text));
      throw new SettingsException(
          "%s line %d: %s".formatted(file, line(error, root), complaint(error)));
    }
  }

  private static String problem(MarkedYAMLException error) {
    return error.getContext() == null
        ? error.getProblem()
        : error.getContext() + ": " + error.getProblem();
  }

  /** The values have lost their place in the file; it is found again by the way to them. */
  private static int line(JsonProcessingException error, Node root) {
    Place place = new Place(root.getStartMark(), root);
    if (error instanceof JsonMappingException mapping) {
      for (JsonMappingException.Reference step : mapping.getPath()) {
        place = place.within(step);
      }
    }
    return place.mark().getLine() + 1;
  }

  /** A value, and where it begins: at its key, if it has one. */
  private record Place(Mark mark, Node node) {

    Place within(JsonMappingException.Reference step) {
      if (node instanceof SequenceNode list && step.getIndex() >= 0) {
        Node item = list.getValue().get(step.getIndex());
        return new Place(item.getStartMark(), item);
      }
      if (node instanceof MappingNode keys) {
        for (NodeTuple entry : keys.getValue()) {
          if (entry.getKeyNode() instanceof ScalarNode key
              && key.getValue().equals(step.getFieldName())) {
            return new Place(key.getStartMark(), entry.getValueNode());
          }
        }
      }
      return this;
    }
  }

  private static String complaint(JsonProcessingException error) {
    if (error.getCause() instanceof InvalidValueException invalid) {
      return invalid.getMessage();
    }
    if (error instanceof UnrecognizedPropertyException unknown) {
      return "unknown key '%s'; use one of %s"
          .formatted(path(unknown), join(unknown.getKnownPropertyIds()));
    }
    if (error instanceof MismatchedInputException mismatch) {
      return "%s is not %s"
          .formatted(
              path(mismatch).isEmpty() ? "the file" : path(mismatch),
              wanted(mismatch.getTargetType()));
    }
    String where = error instanceof JsonMappingException mapping ? path(mapping) : "";
    return "the value%s is of the wrong form or too large; compare it with the example in the README"
        .formatted(where.isEmpty() ? "" : " of " + where);
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
    if (type == Double.class) {
      return "a number such as 0.5";
    }
    if (type == Boolean.class) {
      return "true or false";
    }
    if (type == String.class) {
      return "a text; put it in quotes";
    }
    if (type == Entry.class) {
      return "a name, or a mapping with a name";
    }
    return type != null && Collection.class.isAssignableFrom(type)
        ? "a list; write one item a line after '- '"
        : "a mapping; write 'key: value'";
  }

  private static String join(Collection<Object> keys) {
    return keys.stream().map(Object::toString).sorted().collect(Collectors.joining(", "));
  }
}
