package dev.sharder.examples.hub.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import dev.sharder.InvalidValueException;
import dev.sharder.examples.hub.http.StrictJson;
import dev.sharder.examples.hub.lti.Lti11Consumer;
import dev.sharder.examples.hub.secrets.DatabaseUrl;
import dev.sharder.examples.hub.secrets.Secrets;
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
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.yaml.snakeyaml.error.YAMLException;

/**
 * The sources of settings: a YAML file, the environment and options, each of which wins over those
 * before it. Each error names the place where the wrong value was written.
 */
final class SettingsSources {

  private static final Logger log = LoggerFactory.getLogger(SettingsSources.class);

  /** Variables of the commands, and those that Kubernetes sets for a service of that name. */
  private static final Pattern OTHERS =
      Pattern.compile(
          "SHARDER_(CONFIG|LOG_FORMAT|JAVA_OPTS|FROM_USER|FROM_PASSWORD|PORT.*|SERVICE_.*)");

  /** A list as in YAML, and not an IPv6 address with a port. */
  private static final Pattern LIST = Pattern.compile("(?s)\\[(?![0-9A-Fa-f:.]+]:\\d).*");

  private static final Set<String> URLS = Set.of("database", "replica");

  /** The keys whose values are secrets. */
  static final Set<String> SECRETS =
      Set.of(
          "database-password",
          "cookie-keys",
          "api-tokens",
          "lti-consumers",
          "proxy-secrets",
          "proxy-routes-token");

  private final @Nullable YamlFile file;

  private final Optional<Path> callysto;

  /** The merged values by key. */
  private final Map<String, Object> values = new LinkedHashMap<>();

  /** The variable or option that set a value outside the file. */
  private final Map<String, String> elsewhere = new HashMap<>();

  /** The file's name for a key, where it differs. */
  private final Map<String, String> theirs;

  /**
   * Reads the file, if one is named, and the environment.
   *
   * @param options the options of the command line, by key
   */
  SettingsSources(
      @Nullable Path config, Map<String, String> environment, Map<String, String> options) {
    warnOfUnknown(environment);
    RawSettings.KEYS.forEach(
        (key, type) -> set(key, type, environment.get(variable(key)), variable(key)));
    options.forEach((key, value) -> set(key, String.class, value, "--" + key));
    file = config == null || config.toString().isEmpty() ? null : YamlFile.read(config);
    Map<String, Object> inFile = file == null ? Map.of() : file.values();
    if (file != null && CallystoFile.isOne(inFile)) {
      callysto = Optional.of(file.path());
      theirs = new HashMap<>(CallystoFile.KEYS);
      // Where the file has our key too, that one counts.
      theirs.keySet().removeAll(inFile.keySet());
      inFile =
          CallystoFile.of(file.path(), inFile, environment)
              .settings(!values.containsKey("database"));
    } else {
      callysto = Optional.empty();
      theirs = Map.of();
    }
    inFile.forEach(values::putIfAbsent);
    values.forEach(SettingsSources::keepSecrets);
  }

  /** Registers secrets before the values are used, as a message may contain them from then on. */
  private static void keepSecrets(String key, @Nullable Object value) {
    if (value instanceof Collection<?> all) {
      all.forEach(one -> keepSecrets(key, one));
    } else if (value != null && URLS.contains(key)) {
      Secrets.keep(new DatabaseUrl(value.toString()));
    } else if (value != null && SECRETS.contains(key)) {
      Secrets.keep(value.toString());
      // Some have a prefix, as in name:secret.
      Secrets.keep(value.toString().replaceFirst("^[^:]*:", ""));
    }
  }

  /** Warns of unknown variables, which may be misspelled. */
  private static void warnOfUnknown(Map<String, String> environment) {
    environment.keySet().stream()
        .filter(name -> name.startsWith("SHARDER_") && !OTHERS.matcher(name).matches())
        .filter(
            name -> RawSettings.KEYS.keySet().stream().noneMatch(key -> variable(key).equals(name)))
        .sorted()
        .forEach(name -> log.warn("the environment variable {} is unknown and ignored", name));
  }

  private void set(String key, Class<?> type, @Nullable String value, String by) {
    // An empty environment variable counts as unset.
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

  private static String variable(String key) {
    return "SHARDER_" + key.toUpperCase(Locale.ROOT).replace('-', '_');
  }

  /** Parses a value: text is taken literally, a list is written with commas or as in YAML. */
  private static Object typed(Class<?> type, String value, String by) {
    if (type == String.class) {
      return value;
    }
    if (type == List.class && !LIST.matcher(value.strip()).matches()) {
      return List.of(value.strip().split("\\s*,\\s*"));
    }
    try {
      return Objects.requireNonNullElse(YamlFile.parse(value), "");
    } catch (YAMLException error) {
      throw new SettingsException(
          "%s is not valid YAML; write it like [hub-1, hub-2], with quotes around names that begin with a special character"
              .formatted(by));
    }
  }

  /** Returns the merged values, each of the right type. */
  RawSettings settings() {
    // A command has a text or two, for which it need not load Jackson and read a record by it.
    if (RawSettings.areTexts(values)) {
      return RawSettings.ofTexts(values);
    }
    try {
      // An unquoted yes, no or 1.10 is not text in YAML, and must not silently become text here.
      return StrictJson.STRICT.treeToValue(
          StrictJson.STRICT.valueToTree(values), RawSettings.class);
    } catch (JsonProcessingException error) {
      if (error.getCause() instanceof SettingsException wrong && !wrong.key().isEmpty()) {
        throw located(wrong);
      }
      List<JsonMappingException.Reference> path =
          error instanceof JsonMappingException mapping ? mapping.getPath() : List.of();
      throw new SettingsException(where(path) + complaint(error) + quoted(path, error));
    }
  }

  /** Returns the error with the place where its key was written. */
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
    return file == null ? "" : "%s line %d: ".formatted(file.path(), file.line(steps(path)));
  }

  /**
   * Returns the advice to quote a value that should be text, with its line if it is in the file.
   */
  private String quoted(List<JsonMappingException.Reference> path, JsonProcessingException error) {
    if (!(error instanceof MismatchedInputException mismatch)
        || error instanceof UnrecognizedPropertyException
        || !takesText(mismatch.getTargetType())) {
      return "";
    }
    if (!isScalar(path)) {
      return mismatch.getTargetType() == String.class
          ? "; write one text, in quotes if it begins with [ or {"
          : "";
    }
    Optional<String> line =
        file == null || elsewhere.containsKey(path.get(0).getFieldName())
            ? Optional.empty()
            : file.quoted(steps(path));
    return "; put it in quotes" + line.map(quoted -> ": " + quoted).orElse("");
  }

  private static boolean takesText(@Nullable Class<?> type) {
    return type == String.class
        || type == RawSettings.HubEntry.class
        || type == Lti11Consumer.class;
  }

  /** Returns whether the value to which the path leads is one such as 8888, 1.10 or yes. */
  private boolean isScalar(List<JsonMappingException.Reference> path) {
    Object value = value(path);
    return value != null && !(value instanceof Map) && !(value instanceof Collection);
  }

  private @Nullable Object value(List<JsonMappingException.Reference> path) {
    Object value = values;
    for (JsonMappingException.Reference step : path) {
      if (value instanceof Map<?, ?> keys) {
        value = keys.get(step.getFieldName());
      } else if (value instanceof List<?> items && step.getIndex() >= 0) {
        value = items.get(step.getIndex());
      }
    }
    return value;
  }

  private List<YamlFile.PathStep> steps(List<JsonMappingException.Reference> path) {
    return path.stream().map(step -> new YamlFile.PathStep(name(step), step.getIndex())).toList();
  }

  private @Nullable String name(JsonMappingException.Reference step) {
    String name = step.getFieldName();
    return name == null ? null : theirs.getOrDefault(name, name);
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
      String path = path(mismatch).isEmpty() ? "the file" : path(mismatch);
      String wanted = wanted(mismatch.getTargetType());
      return isNoSecret(mismatch.getTargetType()) && isScalar(mismatch.getPath())
          ? "%s is '%s', not %s".formatted(path, value(mismatch.getPath()), wanted)
          : "%s is not %s".formatted(path, wanted);
    }
    String where = error instanceof JsonMappingException mapping ? path(mapping) : "";
    return "the value%s is of the wrong form or too large; compare it with the example in docs/hub-sharder.md"
        .formatted(where.isEmpty() ? "" : " of " + where);
  }

  private String path(JsonMappingException error) {
    return error.getPath().stream()
        .map(step -> step.getFieldName() == null ? "[" + step.getIndex() + "]" : "." + name(step))
        .collect(Collectors.joining())
        .replaceFirst("^\\.", "");
  }

  /** Secrets are texts, which stand in no message. */
  private static boolean isNoSecret(@Nullable Class<?> type) {
    return type != null && (type == Boolean.class || Number.class.isAssignableFrom(type));
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
    if (type == String.class || type == Lti11Consumer.class) {
      return "text";
    }
    if (type == RawSettings.HubEntry.class) {
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
