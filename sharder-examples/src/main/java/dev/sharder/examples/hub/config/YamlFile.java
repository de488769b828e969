package dev.sharder.examples.hub.config;

import dev.sharder.examples.hub.files.FileFailure;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.events.Event;
import org.yaml.snakeyaml.events.ScalarEvent;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.parser.ParserException;
import org.yaml.snakeyaml.reader.ReaderException;
import org.yaml.snakeyaml.reader.StreamReader;
import org.yaml.snakeyaml.representer.Representer;
import org.yaml.snakeyaml.resolver.Resolver;
import org.yaml.snakeyaml.scanner.ScannerException;

/**
 * A YAML file, and the line of each value in it.
 *
 * @param path where the file is
 * @param text what is in it
 */
record YamlFile(Path path, String text) {

  /** More than any file of settings has; a device such as /dev/zero never ends. */
  private static final int MOST_BYTES = 16 * 1024 * 1024;

  private static final Pattern KEY = Pattern.compile("([\\w-]+):.*");

  /** What may be part of a value, as comments have a blank behind the '#'. */
  private static final Pattern COMMENT = Pattern.compile("\\s+#[^\\s#]");

  /** The same in a line that cannot be read. */
  private static final Pattern COMMENT_IN_LINE = Pattern.compile("(?:\\S\\s+|[\\[{,])#[^\\s#]");

  private static final String QUOTED = "\"[^\"]*\"|'[^']*'";

  private static final Pattern SPECIAL = Pattern.compile("alias|anchor|constructor for the tag");

  /** A step on the path to a value: a key, or else an index in a list. */
  record PathStep(@Nullable String name, int index) {}

  /** Reads a file. */
  static YamlFile read(Path file) {
    try (InputStream bytes = Files.newInputStream(file)) {
      byte[] all = bytes.readNBytes(MOST_BYTES + 1);
      if (all.length > MOST_BYTES) {
        throw new SettingsException(
            "configuration file '%s' has more than %d bytes; name a YAML file with settings"
                .formatted(file, MOST_BYTES));
      }
      return new YamlFile(
          file, StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(all)).toString());
    } catch (IOException error) {
      throw new SettingsException(
          "configuration file '%s' cannot be read (%s); name a readable YAML file in UTF-8"
              .formatted(file, FileFailure.reason(error)));
    }
  }

  /** Returns the file's keys and values as plain collections. */
  Map<String, Object> values() {
    try {
      Object all = parse(text);
      if (all != null && !(all instanceof Map)) {
        throw new SettingsException(
            "%s line 1: the file is not a mapping; write 'key: value'".formatted(path));
      }
      Map<String, Object> values = new LinkedHashMap<>();
      if (all instanceof Map<?, ?> keys) {
        keys.forEach((key, value) -> values.put(String.valueOf(key), value));
      }
      checkComments();
      return values;
    } catch (MarkedYAMLException error) {
      throw new SettingsException(misread(error));
    } catch (ReaderException error) {
      throw new SettingsException(
          place(lineOfUnprintable())
              + "the character U+%04X is not allowed in YAML; remove it"
                  .formatted(error.getCodePoint()));
    } catch (YAMLException error) {
      throw new SettingsException(
          "%s is nested too deeply or has too many aliases: %s; write out what each '*' refers to, with fewer brackets"
              .formatted(path, firstLine(error)));
    }
  }

  /** Refuses a value that YAML reads as a comment, or a secret of which it reads a part so. */
  private void checkComments() {
    if (!COMMENT.matcher(text).find()) {
      return;
    }
    List<String> lines = text.lines().toList();
    for (Event event : new Yaml(strict()).parse(new StringReader(text))) {
      int line = event.getEndMark().getLine();
      if (event instanceof ScalarEvent value && value.isPlain() && line < lines.size()) {
        String behind = lines.get(line).substring(offset(lines.get(line), value.getEndMark()));
        boolean mayBePart =
            value.getValue().isEmpty() || SettingsSources.SECRETS.contains(key(line));
        if (mayBePart && COMMENT.matcher(behind).lookingAt()) {
          throw new SettingsException(hiddenByComment(line));
        }
      }
    }
  }

  private String hiddenByComment(int line) {
    return place(line) + "'#' begins a comment; put the value in quotes, or a blank behind the '#'";
  }

  /**
   * Returns the line whose comment may hide what is then missing: one before the error, of the
   * value that cannot be read.
   */
  private Optional<Integer> lineOfComment(MarkedYAMLException error) {
    List<String> lines = text.lines().toList();
    int end = Math.min(error.getProblemMark().getLine(), lines.size());
    Mark context = error.getContextMark();
    int start = Math.min(context == null ? end : context.getLine(), lines.size() - 1);
    return IntStream.range(start + 1 - ofKey(start).size(), end)
        .boxed()
        .filter(line -> COMMENT_IN_LINE.matcher(lines.get(line).replaceAll(QUOTED, "\"")).find())
        .findFirst();
  }

  private static int offset(String line, Mark mark) {
    // YAML ends lines in more places than Java.
    return line.offsetByCodePoints(
        0, Math.min(mark.getColumn(), line.codePointCount(0, line.length())));
  }

  /** Returns what is wrong and where; shows the line in quotes if they are all that it lacks. */
  private String misread(MarkedYAMLException error) {
    boolean isOfValue =
        error instanceof ScannerException
            || error instanceof ParserException
            || SPECIAL.matcher(error.getProblem()).find();
    Optional<Integer> hiding = isOfValue ? lineOfComment(error) : Optional.empty();
    if (hiding.isPresent()) {
      return hiddenByComment(hiding.get());
    }
    for (Mark mark : new Mark[] {error.getProblemMark(), error.getContextMark()}) {
      Optional<String> quoted =
          mark == null || !isOfValue ? Optional.empty() : quoted(mark.getLine());
      if (quoted.isPresent()) {
        return "%sYAML does not read this value as text; put it in quotes: %s"
            .formatted(
                place(mark.getLine()), YamlQuotes.shown(ofKey(mark.getLine()), quoted.get()));
      }
    }
    return place(error.getProblemMark().getLine()) + problem(error);
  }

  private Optional<String> quoted(int line) {
    List<String> lines = new ArrayList<>(text.lines().toList());
    return line < lines.size()
        ? new YamlQuotes(lines.get(line))
            .quoted(
                candidate -> {
                  lines.set(line, candidate);
                  return isReadBeyond(line, String.join("\n", lines));
                })
        : Optional.empty();
  }

  /** Returns whether a line is valid there, and its key has the type that it should. */
  private boolean isReadBeyond(int line, String changed) {
    try {
      Object value = parse(changed) instanceof Map<?, ?> all ? all.get(key(line)) : null;
      Class<?> type = RawSettings.KEYS.getOrDefault(key(line), Object.class);
      boolean isTyped = type == List.class || type == String.class;
      return value != null && (!isTyped || type.isInstance(value));
    } catch (MarkedYAMLException another) {
      return another.getProblemMark().getLine() > line;
    } catch (YAMLException unreadable) {
      return false;
    }
  }

  /**
   * Returns the line with quotes around the value to which the steps lead, if it is on one line.
   */
  Optional<String> quoted(List<PathStep> steps) {
    Node value = place(steps).node();
    int line = value.getStartMark().getLine();
    List<String> lines = text.lines().toList();
    if (!(value instanceof ScalarNode plain)
        || !plain.isPlain()
        || value.getEndMark().getLine() != line
        || line >= lines.size()) {
      return Optional.empty();
    }
    String quoted =
        YamlQuotes.quoted(
            lines.get(line),
            offset(lines.get(line), value.getStartMark()),
            offset(lines.get(line), value.getEndMark()));
    return Optional.of(YamlQuotes.shown(ofKey(line), quoted));
  }

  /** Returns the place of a line in the file, and the key that it belongs to. */
  private String place(int line) {
    String key = key(line);
    return "%s line %d: %s".formatted(path, line + 1, key.isEmpty() ? "" : key + ": ");
  }

  private String key(int line) {
    return ofKey(line).stream()
        .limit(1)
        .map(KEY::matcher)
        .filter(Matcher::matches)
        .map(matcher -> matcher.group(1))
        .findFirst()
        .orElse("");
  }

  /** Returns the lines from the key that a line belongs to; all before it if it has none. */
  private List<String> ofKey(int line) {
    List<String> lines = text.lines().limit(line + 1L).toList();
    int first = Math.max(0, lines.size() - 1);
    while (first > 0 && !KEY.matcher(lines.get(first)).matches()) {
      first--;
    }
    return lines.subList(first, lines.size());
  }

  private int lineOfUnprintable() {
    long before = text.codePoints().takeWhile(StreamReader::isPrintable).count();
    return (int) text.codePoints().limit(before).filter(c -> c == '\n').count();
  }

  private static String problem(MarkedYAMLException error) {
    if (error instanceof NoValueException) {
      return error.getProblem();
    }
    // The library's message would quote the value, which may be a password.
    if (SPECIAL.matcher(error.getProblem()).find()) {
      return "a value begins with '*', '&' or '!', which has a special meaning in YAML; put it in quotes";
    }
    return (error.getContext() == null ? "" : error.getContext() + ": ")
        + error.getProblem()
        + "; correct the YAML there";
  }

  private static String firstLine(YAMLException error) {
    return String.valueOf(error.getMessage()).lines().findFirst().orElse("");
  }

  /** Returns the line of a value; the values have lost their places, so its path leads to it. */
  int line(List<PathStep> steps) {
    return place(steps).mark().getLine() + 1;
  }

  private YamlPlace place(List<PathStep> steps) {
    Node root = new Yaml(strict()).compose(new StringReader(text));
    YamlPlace place = new YamlPlace(root.getStartMark(), root);
    for (PathStep step : steps) {
      place = place.within(step.name(), step.index());
    }
    return place;
  }

  /** A value and its position, which is that of its key if it has one. */
  private record YamlPlace(Mark mark, Node node) {

    YamlPlace within(@Nullable String name, int index) {
      if (node instanceof SequenceNode list && index >= 0) {
        Node item = list.getValue().get(index);
        return new YamlPlace(item.getStartMark(), item);
      }
      if (node instanceof MappingNode keys) {
        for (NodeTuple entry : keys.getValue()) {
          if (entry.getKeyNode() instanceof ScalarNode key && key.getValue().equals(name)) {
            return new YamlPlace(key.getStartMark(), entry.getValueNode());
          }
        }
      }
      return this;
    }
  }

  /** Parses YAML into plain collections. */
  static @Nullable Object parse(String text) {
    DumperOptions unused = new DumperOptions();
    return new Yaml(
            new PlainConstructor(),
            new Representer(unused),
            unused,
            strict(),
            new DecimalResolver())
        .load(text);
  }

  /** Reads only decimal digits as a whole number: in YAML 1.1, 010 is eight and 1:30 is ninety. */
  private static final class DecimalResolver extends Resolver {

    private static final Pattern DECIMAL = Pattern.compile("-?(?:0|[1-9][0-9]*)");

    @Override
    public void addImplicitResolver(Tag tag, Pattern pattern, String first, int limit) {
      super.addImplicitResolver(tag, tag.equals(Tag.INT) ? DECIMAL : pattern, first, limit);
    }
  }

  /** Reports the line of a node that is not a valid value. */
  private static final class PlainConstructor extends SafeConstructor {

    PlainConstructor() {
      super(strict());
    }

    @Override
    protected Object constructObject(Node node) {
      if (node.isTwoStepsConstruction()) {
        throw new NoValueException(
            "it contains itself, by '&' and '*'; write out what it contains", node);
      }
      if (node instanceof MappingNode keys) {
        keys.getValue().forEach(entry -> checkKey(entry.getKeyNode()));
      }
      if (node.getAnchor() != null && node.getTag().equals(Tag.NULL)) {
        throw new NoValueException(
            "a value begins with '&', which has a special meaning in YAML; put it in quotes", node);
      }
      try {
        return super.constructObject(node);
      } catch (MarkedYAMLException known) {
        throw known;
      } catch (RuntimeException malformed) {
        throw new NoValueException("it is not of the type that '!!' names; remove the '!!'", node);
      }
    }

    private static void checkKey(Node key) {
      if (!(key instanceof ScalarNode) || key.getTag().equals(Tag.NULL)) {
        throw new NoValueException("a key is missing or not text; write 'key: value'", key);
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
}
