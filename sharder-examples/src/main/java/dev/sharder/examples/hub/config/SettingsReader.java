package dev.sharder.examples.hub.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import dev.sharder.InvalidValueException;
import dev.sharder.examples.hub.http.StrictJson;
import dev.sharder.examples.hub.secrets.DatabaseUrl;
import dev.sharder.examples.hub.secrets.Secrets;
import java.io.IOException;
import java.io.StringReader;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.yaml.snakeyaml.DumperOptions;
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
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.reader.ReaderException;
import org.yaml.snakeyaml.reader.StreamReader;
import org.yaml.snakeyaml.representer.Representer;
import org.yaml.snakeyaml.resolver.Resolver;

/**
 * Reads settings from a YAML file, the environment and options, each of which wins over those
 * before it, and says of whatever is wrong where it was written.
 */
public final class SettingsReader {

  private static final Logger log = LoggerFactory.getLogger(SettingsReader.class);

  /** Variables of the commands, and those that Kubernetes sets for a service of that name. */
  private static final Pattern OTHERS =
      Pattern.compile("SHARDER_(CONFIG|LOG_FORMAT|FROM_USER|FROM_PASSWORD|PORT.*|SERVICE_.*)");

  /** The keys there are, with what their values are. */
  private static final Map<String, Class<?>> KEYS = new LinkedHashMap<>();

  static {
    for (RecordComponent component : RawSettings.class.getRecordComponents()) {
      KEYS.put(
          PropertyNamingStrategies.KebabCaseStrategy.INSTANCE.translate(component.getName()),
          component.getType());
    }
  }

  private static final Set<String> URLS = Set.of("database", "replica");

  private static final Set<String> SECRETS =
      Set.of("database-password", "cookie-keys", "api-tokens", "lti-consumers", "proxy-secrets");

  private static final Pattern KEY = Pattern.compile("([\\w-]+):.*");

  private static final Pattern SPECIAL = Pattern.compile("alias|anchor|constructor for the tag");

  private final @Nullable Path file;
  private final String text;

  private final Optional<Path> callysto;

  /** What is said, whoever says it. */
  private final Map<String, Object> values = new LinkedHashMap<>();

  /** Who else than the file said it. */
  private final Map<String, String> elsewhere = new HashMap<>();

  /** What the file calls a key, where that differs. */
  private final Map<String, String> theirs;

  /**
   * Reads the file, if one is named, and the environment.
   *
   * @param options what was told on the command line, by key
   */
  SettingsReader(
      @Nullable Path config, Map<String, String> environment, Map<String, String> options) {
    file = config == null || config.toString().isEmpty() ? null : config;
    warnOfUnknown(environment);
    KEYS.forEach((key, type) -> tell(key, type, environment.get(variable(key)), variable(key)));
    options.forEach((key, value) -> tell(key, String.class, value, "--" + key));
    text = file == null ? "" : text(file);
    Map<String, Object> inFile = file == null ? Map.of() : parsed(file, text);
    if (file != null && CallystoFile.isOne(inFile)) {
      callysto = Optional.of(file);
      theirs = new HashMap<>(CallystoFile.KEYS);
      // Where the file has our key too, that one counts.
      theirs.keySet().removeAll(inFile.keySet());
      inFile = CallystoFile.of(file, inFile, environment).settings(!values.containsKey("database"));
    } else {
      callysto = Optional.empty();
      theirs = Map.of();
    }
    inFile.forEach(values::putIfAbsent);
    values.forEach(SettingsReader::keepSecrets);
  }

  /** Before anything is made of them: a message may have them in it from then on. */
  private static void keepSecrets(String key, @Nullable Object value) {
    if (value instanceof Collection<?> all) {
      all.forEach(one -> keepSecrets(key, one));
    } else if (value != null && URLS.contains(key)) {
      Secrets.keep(new DatabaseUrl(value.toString()));
    } else if (value != null && SECRETS.contains(key)) {
      Secrets.keep(value.toString());
      // Some have a name before them, as in name:secret.
      Secrets.keep(value.toString().replaceFirst("^[^:]*:", ""));
    }
  }

  /** A mistyped one would be missing where nobody looks. */
  private static void warnOfUnknown(Map<String, String> environment) {
    environment.keySet().stream()
        .filter(name -> name.startsWith("SHARDER_") && !OTHERS.matcher(name).matches())
        .filter(name -> KEYS.keySet().stream().noneMatch(key -> variable(key).equals(name)))
        .sorted()
        .forEach(name -> log.warn("the environment variable {} means nothing here", name));
  }

  private void tell(String key, Class<?> type, @Nullable String value, String by) {
    // An environment variable that is empty says nothing.
    if (value == null || value.isEmpty()) {
      return;
    }
    elsewhere.put(key, by);
    values.put(key, typed(type, value, by));
  }

  /** The file, if it is that of callysto's sharder. */
  Optional<Path> callysto() {
    return callysto;
  }

  /** Tells whether a key is one of ours. */
  static boolean isKey(String key) {
    return KEYS.containsKey(key);
  }

  private static String variable(String key) {
    return "SHARDER_" + key.toUpperCase(Locale.ROOT).replace('-', '_');
  }

  /** A text is taken as it is, a list is written with commas or as in YAML. */
  private static Object typed(Class<?> type, String value, String by) {
    if (type == String.class) {
      return value;
    }
    if (type == List.class && !value.strip().startsWith("[")) {
      return List.of(value.strip().split("\\s*,\\s*"));
    }
    try {
      return Objects.requireNonNullElse(yaml(value), "");
    } catch (YAMLException error) {
      throw new SettingsException(
          "%s is no YAML; write it like [hub-1, hub-2], and names that begin with a sign in quotes"
              .formatted(by));
    }
  }

  private static @Nullable Object yaml(String text) {
    DumperOptions unused = new DumperOptions();
    return new Yaml(
            new PlainConstructor(),
            new Representer(unused),
            unused,
            strict(),
            new DecimalResolver())
        .load(text);
  }

  /**
   * Takes for a whole number what people read as one: to YAML 1.1, 010 is eight and 1:30 is ninety.
   */
  private static final class DecimalResolver extends Resolver {

    private static final Pattern DECIMAL = Pattern.compile("-?(?:0|[1-9][0-9]*)");

    @Override
    public void addImplicitResolver(Tag tag, Pattern pattern, String first, int limit) {
      super.addImplicitResolver(tag, tag.equals(Tag.INT) ? DECIMAL : pattern, first, limit);
    }
  }

  /** Tells where a value stands that is no value. */
  private static final class PlainConstructor extends SafeConstructor {

    PlainConstructor() {
      super(strict());
    }

    @Override
    protected Object constructObject(Node node) {
      if (node.isTwoStepsConstruction()) {
        throw new NoValueException(
            "it holds itself, by '&' and '*'; write out what it holds", node);
      }
      if (node instanceof MappingNode keys) {
        keys.getValue().forEach(entry -> checkKey(entry.getKeyNode()));
      }
      try {
        return super.constructObject(node);
      } catch (MarkedYAMLException told) {
        throw told;
      } catch (RuntimeException malformed) {
        throw new NoValueException("it is not what '!!' says it is; take the '!!' out", node);
      }
    }

    private static void checkKey(Node key) {
      if (!(key instanceof ScalarNode) || key.getTag().equals(Tag.NULL)) {
        throw new NoValueException("a key is missing or no text; write 'key: value'", key);
      }
    }
  }

  private static final class NoValueException extends MarkedYAMLException {
    private static final long serialVersionUID = 1L;

    NoValueException(String problem, Node node) {
      super(null, null, problem, node.getStartMark());
    }
  }

  private static LoaderOptions strict() {
    LoaderOptions options = new LoaderOptions();
    options.setAllowDuplicateKeys(false);
    return options;
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException error) {
      throw new SettingsException(
          "configuration file '%s' cannot be read (%s); name a readable YAML file in UTF-8"
              .formatted(file, error));
    }
  }

  /** The file's keys and values as plain collections. */
  static Map<String, Object> parsed(Path file) {
    return parsed(file, text(file));
  }

  private static Map<String, Object> parsed(Path file, String text) {
    try {
      Object all = yaml(text);
      if (all != null && !(all instanceof Map)) {
        throw new SettingsException(
            "%s line 1: the file is not a mapping; write 'key: value'".formatted(file));
      }
      Map<String, Object> values = new LinkedHashMap<>();
      if (all instanceof Map<?, ?> keys) {
        keys.forEach((key, value) -> values.put(String.valueOf(key), value));
      }
      return values;
    } catch (MarkedYAMLException error) {
      throw new SettingsException(
          place(file, text, error.getProblemMark().getLine()) + problem(error));
    } catch (ReaderException error) {
      throw new SettingsException(
          place(file, text, lineOfUnprintable(text))
              + "the character U+%04X is none that YAML has; take it out"
                  .formatted(error.getCodePoint()));
    } catch (YAMLException error) {
      throw new SettingsException(
          "%s is YAML of which too much is made: %s; write out what stands behind each '*', with fewer brackets"
              .formatted(file, firstLine(error)));
    }
  }

  /** The line in the file, and the key that the line belongs to. */
  private static String place(Path file, String text, int line) {
    String key =
        text.lines()
            .limit(line + 1L)
            .map(KEY::matcher)
            .filter(Matcher::matches)
            .map(matcher -> matcher.group(1) + ": ")
            .reduce("", (before, next) -> next);
    return "%s line %d: %s".formatted(file, line + 1, key);
  }

  private static int lineOfUnprintable(String text) {
    long before = text.codePoints().takeWhile(StreamReader::isPrintable).count();
    return (int) text.codePoints().limit(before).filter(c -> c == '\n').count();
  }

  private static String problem(MarkedYAMLException error) {
    if (error instanceof NoValueException) {
      return error.getProblem();
    }
    // It would quote the value, which may be a password.
    if (SPECIAL.matcher(error.getProblem()).find()) {
      return "a value begins with '*', '&' or '!', which means something to YAML; put it in quotes";
    }
    return (error.getContext() == null ? "" : error.getContext() + ": ")
        + error.getProblem()
        + "; mend the YAML there";
  }

  private static String firstLine(YAMLException error) {
    return String.valueOf(error.getMessage()).lines().findFirst().orElse("");
  }

  /** What was said, each value of the right form. */
  RawSettings settings() {
    try {
      // An unquoted yes, no or 1.10 is no text to YAML, and must not become another one to us.
      return StrictJson.STRICT.treeToValue(
          StrictJson.STRICT.valueToTree(values), RawSettings.class);
    } catch (JsonProcessingException error) {
      if (error.getCause() instanceof SettingsException wrong && !wrong.key().isEmpty()) {
        throw located(wrong);
      }
      List<JsonMappingException.Reference> path =
          error instanceof JsonMappingException mapping ? mapping.getPath() : List.of();
      throw new SettingsException(where(path) + complaint(error));
    }
  }

  /** The same complaint, with the place where its key was written. */
  SettingsException located(SettingsException wrong) {
    if (wrong.key().isEmpty() || !values.containsKey(wrong.key())) {
      return wrong;
    }
    return new SettingsException(
        where(List.of(new JsonMappingException.Reference(values, wrong.key())))
            + wrong.getMessage());
  }

  private String where(List<JsonMappingException.Reference> path) {
    String key = path.isEmpty() ? "" : String.valueOf(path.get(0).getFieldName());
    if (elsewhere.containsKey(key)) {
      return elsewhere.get(key) + ": ";
    }
    return file == null ? "" : "%s line %d: ".formatted(file, line(path));
  }

  /** The values have lost their place in the file; it is found again by the way to them. */
  private int line(List<JsonMappingException.Reference> path) {
    Node root = new Yaml(strict()).compose(new StringReader(text));
    Place place = new Place(root.getStartMark(), root);
    for (JsonMappingException.Reference step : path) {
      place = place.within(name(step), step.getIndex());
    }
    return place.mark().getLine() + 1;
  }

  private @Nullable String name(JsonMappingException.Reference step) {
    String name = step.getFieldName();
    return name == null ? null : theirs.getOrDefault(name, name);
  }

  /** A value, and where it begins: at its key, if it has one. */
  private record Place(Mark mark, Node node) {

    Place within(@Nullable String name, int index) {
      if (node instanceof SequenceNode list && index >= 0) {
        Node item = list.getValue().get(index);
        return new Place(item.getStartMark(), item);
      }
      if (node instanceof MappingNode keys) {
        for (NodeTuple entry : keys.getValue()) {
          if (entry.getKeyNode() instanceof ScalarNode key && key.getValue().equals(name)) {
            return new Place(key.getStartMark(), entry.getValueNode());
          }
        }
      }
      return this;
    }
  }

  private String complaint(JsonProcessingException error) {
    if (error.getCause() instanceof InvalidValueException
        || error.getCause() instanceof SettingsException) {
      return String.valueOf(error.getCause().getMessage());
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

  private String path(JsonMappingException error) {
    return error.getPath().stream()
        .map(step -> step.getFieldName() == null ? "[" + step.getIndex() + "]" : "." + name(step))
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
    if (type == RawSettings.Entry.class) {
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
