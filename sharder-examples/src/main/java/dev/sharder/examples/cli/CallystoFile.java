package dev.sharder.examples.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sharder.Bin;
import dev.sharder.InvalidValueException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/** Callysto's {@code sharder.yml}: its database and its hubs. */
record CallystoFile(Path file, JsonNode values) {

  static CallystoFile read(Path file) {
    try {
      Object values =
          new Yaml(new SafeConstructor(new LoaderOptions())).load(Files.readString(file));
      return new CallystoFile(file, Output.JSON.valueToTree(values));
    } catch (IOException | YAMLException error) {
      throw new UsageException(
          "'%s' cannot be read as the sharder.yml of callysto's sharder: %s"
              .formatted(file, String.valueOf(error.getMessage()).replaceAll("\\s+", " ")));
    }
  }

  /** Their database; a file is looked for beside this one. */
  String url() {
    String type = text("db_type", "sqlite");
    return switch (type) {
      case "sqlite" ->
          "jdbc:sqlite:" + file.toAbsolutePath().resolveSibling(required("db_file")).normalize();
      case "postgresql" ->
          "jdbc:postgresql://%s/%s".formatted(required("db_host"), required("db_name"));
      default ->
          throw new UsageException(
              "%s names the database type '%s', which cannot be read; export there the rows of kind hub that are no dummies as CSV with the columns object,bin (SELECT name AS object, bucket AS bin FROM shard), and import that file"
                  .formatted(file, type));
    };
  }

  Properties login() {
    Properties login = new Properties();
    if (values.hasNonNull("db_user")) {
      login.setProperty("user", text("db_user", ""));
    }
    if (values.hasNonNull("db_password")) {
      login.setProperty("password", text("db_password", ""));
    }
    return login;
  }

  /** Its hubs, whose {@code extra_shards} are offsets. */
  Map<String, Bin> hubs() {
    Map<String, Bin> hubs = new LinkedHashMap<>();
    for (JsonNode hub : values.path("hubs")) {
      try {
        Bin bin = Bin.of(hub.path("name").asText()).withOffset(hub.path("extra_shards").asLong());
        hubs.put(bin.name(), bin);
      } catch (InvalidValueException wrong) {
        throw new UsageException("%s, hubs: %s".formatted(file, wrong.getMessage()));
      }
    }
    return hubs;
  }

  private String required(String key) {
    String value = textOrNull(key);
    if (value == null) {
      throw new UsageException(
          "%s does not say %s; write it there, or name the database with --database"
              .formatted(file, key));
    }
    return value;
  }

  private @Nullable String textOrNull(String key) {
    return values.hasNonNull(key) ? values.get(key).asText() : null;
  }

  private String text(String key, String otherwise) {
    String value = textOrNull(key);
    return value == null ? otherwise : value;
  }
}
