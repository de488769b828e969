package dev.sharder.examples.hub.lti;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URLDecoder;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The fields of a form in their order, those that are repeated and those that are empty too.
 *
 * @param fields a name and a value each
 */
public record LaunchForm(List<FormField> fields) {

  /** A field as it was meant, decoded. */
  public record FormField(String name, String value) {}

  private static final Pattern SEPARATOR = Pattern.compile("&");

  /** Keeps its own list. */
  public LaunchForm {
    fields = List.copyOf(fields);
  }

  /**
   * Reads {@code application/x-www-form-urlencoded} in UTF-8.
   *
   * @throws RefusedLaunchException if it is malformed
   */
  public static LaunchForm parse(String encoded) {
    try {
      return new LaunchForm(
          SEPARATOR
              .splitAsStream(encoded)
              .filter(field -> !field.isEmpty())
              .map(LaunchForm::field)
              .toList());
    } catch (IllegalArgumentException malformed) {
      throw RefusedLaunchException.malformed("the launch has a '%' that encodes nothing");
    }
  }

  private static FormField field(String encoded) {
    int equals = encoded.indexOf('=');
    return equals < 0
        ? new FormField(URLDecoder.decode(encoded, UTF_8), "")
        : new FormField(
            URLDecoder.decode(encoded.substring(0, equals), UTF_8),
            URLDecoder.decode(encoded.substring(equals + 1), UTF_8));
  }

  /** These fields, and then those. */
  public LaunchForm and(LaunchForm others) {
    return new LaunchForm(Stream.concat(fields.stream(), others.fields.stream()).toList());
  }

  /**
   * The value of a field that is there once; empty where it is missing or says nothing.
   *
   * @throws RefusedLaunchException if it is there twice, which is ambiguous
   */
  Optional<String> get(String name) {
    List<FormField> named = fields.stream().filter(field -> field.name().equals(name)).toList();
    if (named.size() > 1) {
      throw RefusedLaunchException.malformed("the launch has %s more than once".formatted(name));
    }
    return named.stream().map(FormField::value).filter(value -> !value.isEmpty()).findFirst();
  }

  /** The value of a field that must be there. */
  String require(String name) {
    return get(name)
        .orElseThrow(
            () ->
                RefusedLaunchException.malformed(
                    "the launch has no %s; check what the platform is configured to send"
                        .formatted(name)));
  }

  boolean has(String name) {
    return fields.stream().anyMatch(field -> field.name().equals(name));
  }
}
