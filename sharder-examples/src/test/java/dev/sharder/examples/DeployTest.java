package dev.sharder.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sharder.Bin;
import dev.sharder.examples.hub.config.Settings;
import dev.sharder.examples.hub.config.SettingsReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** What the files in {@code deploy} say of each other and of the program is so. */
class DeployTest {

  private static final Path MODULE = Path.of("").toAbsolutePath();
  private static final Path DEPLOY = MODULE.resolve("deploy");
  private static final Path DOCKER = DEPLOY.resolve("docker");
  private static final Path HUBS = DOCKER.resolve("sharder.yml");

  private static final Pattern VARIABLE = Pattern.compile("\\bSHARDER_[A-Z_]+\\b");

  private final JsonNode compose = yaml(DOCKER.resolve("compose.yaml"));

  @Test
  void everyFileThatComposeMountsOrBuildsIsThere() {
    List<Path> named = new ArrayList<>();
    for (JsonNode service : compose.get("services")) {
      texts(service.path("volumes"))
          .filter(volume -> volume.startsWith("."))
          .forEach(volume -> named.add(DOCKER.resolve(volume.split(":", -1)[0])));
      if (service.has("build")) {
        Path context = DOCKER.resolve(service.at("/build/context").asText());
        named.add(context.resolve(service.at("/build/dockerfile").asText()));
      }
    }
    assertThat(named)
        .hasSizeGreaterThanOrEqualTo(8)
        .allSatisfy(file -> assertThat(file).isRegularFile());
  }

  @Test
  void everyFileThatAnImageIsMadeOfIsThere() {
    assertThat(copied("Dockerfile", MODULE.getParent()))
        .contains(MODULE.getParent().resolve("mvnw"))
        .allSatisfy(source -> assertThat(source).exists());
    assertThat(copied("hub.Dockerfile", DOCKER))
        .isNotEmpty()
        .allSatisfy(source -> assertThat(source).exists());
  }

  private static List<Path> copied(String dockerfile, Path context) {
    return Pattern.compile("(?m)^COPY (?!--from)(.*) \\S+$")
        .matcher(read(DOCKER.resolve(dockerfile)))
        .results()
        .flatMap(copy -> Stream.of(copy.group(1).split(" ")))
        .map(context::resolve)
        .toList();
  }

  @Test
  void everyVariableThatComposeSetsIsOneThatServeKnows() {
    Set<String> known = knownToServe();
    assertThat(known).contains("SHARDER_CONFIG", "SHARDER_DATABASE", "SHARDER_TRUSTED");
    for (String sharder : List.of("sharder-1", "sharder-2")) {
      assertThat(environment(sharder).keySet()).isNotEmpty().isSubsetOf(known);
    }
  }

  /** Those that the sources name, and one for each key of the file. */
  static Set<String> knownToServe() {
    Set<String> known = new TreeSet<>();
    try (Stream<Path> sources = Files.walk(MODULE.resolve("src/main/java"))) {
      sources
          .filter(Files::isRegularFile)
          .flatMap(file -> VARIABLE.matcher(read(file)).results())
          .map(MatchResult::group)
          .forEach(known::add);
      for (RecordComponent key :
          Class.forName("dev.sharder.examples.hub.config.RawSettings").getRecordComponents()) {
        String words = key.getName().replaceAll("([A-Z])", "_$1");
        known.add("SHARDER_" + words.toUpperCase(Locale.ROOT));
      }
      return known;
    } catch (IOException | ReflectiveOperationException failure) {
      throw new AssertionError(failure);
    }
  }

  @Test
  void serveTakesTheSettingsOfComposeAndTrustsNginxAlone() {
    Map<String, String> environment = environment("sharder-1");
    environment.put("SHARDER_PROXY_SECRETS", "one-that-is-written-into-the-file-.env");
    Settings settings =
        SettingsReader.read(
            HUBS, "0.0.0.0:8888", environment.get("SHARDER_DATABASE"), List.of(), environment);
    assertThat(settings.database().url()).isEqualTo("jdbc:postgresql://postgres/sharder");
    assertThat(settings.nginxMap().file()).hasValue(Path.of("/var/lib/sharder-nginx/hubs.conf"));
    assertThat(environment.get("SHARDER_TRUSTED")).isEqualTo(address("nginx", "sharders"));
    assertThat(environment("sharder-2"))
        .containsAllEntriesOf(withoutNginx(environment("sharder-1")));
  }

  @Test
  void nginxAndTheShardersHaveOneSecret() {
    for (String service : List.of("nginx", "sharder-1", "sharder-2")) {
      assertThat(environment(service).get("SHARDER_PROXY_SECRETS"))
          .startsWith("${SHARDER_PROXY_SECRETS:?");
    }
  }

  private static Map<String, String> withoutNginx(Map<String, String> environment) {
    Map<String, String> others = new TreeMap<>(environment);
    others.keySet().removeIf(name -> name.contains("_NGINX_"));
    return others;
  }

  @Test
  void nginxFindsTheHubsAndTheShardersWhereTheyAre() {
    Settings settings = SettingsReader.read(HUBS, null, null, List.of(), Map.of());
    assertThat(settings.bins()).extracting(Bin::name).containsExactly("hub-1", "hub-2");
    for (Bin hub : settings.bins()) {
      assertThat(hub.labels()).containsEntry("address", address(hub.name(), "hubs") + ":8000");
    }
    assertThat(environment("nginx").get("SHARDERS").split(" "))
        .containsExactly(
            address("sharder-1", "sharders") + ":8888", address("sharder-2", "sharders") + ":8888");
  }

  @Test
  void onlyNginxIsPublishedAndOnlyNginxReachesTheSharders() {
    assertThat(names(service -> service.has("ports"))).containsExactly("nginx");
    assertThat(names(service -> isIn(service, "sharders")))
        .containsExactly("nginx", "sharder-1", "sharder-2");
    assertThat(names(service -> isIn(service, "database")))
        .containsExactly("postgres", "sharder-1", "sharder-2");
    assertThat(compose.at("/networks/sharders/internal").asBoolean()).isTrue();
    assertThat(names(service -> !service.has("networks"))).isEmpty();
  }

  private static boolean isIn(JsonNode service, String network) {
    JsonNode networks = service.get("networks");
    return networks.has(network) || texts(networks).anyMatch(network::equals);
  }

  @Test
  void everySecretIsAskedForAndHasAPlaceInTheExample() {
    Pattern asked = Pattern.compile("\\$\\{(\\w+):\\?");
    Set<String> secrets = new TreeSet<>();
    asked.matcher(compose.toString()).results().forEach(found -> secrets.add(found.group(1)));
    assertThat(read(DOCKER.resolve("env.example")).lines().filter(line -> line.endsWith("=")))
        .containsExactlyInAnyOrderElementsOf(secrets.stream().map(name -> name + "=").toList());
    assertThat(compose.findValuesAsText("SHARDER_DATABASE_PASSWORD"))
        .isNotEmpty()
        .allSatisfy(value -> assertThat(value).startsWith("${"));
  }

  @Test
  @DisplayName(
      "every location of nginx that passes a request on clears what clients say of themselves")
  void identity() throws IOException {
    Pattern location = Pattern.compile("(?ms)^([# ]*)location [^{\\n]*\\{.*?^\\1\\}");
    try (Stream<Path> files = Files.list(DEPLOY.resolve("nginx"))) {
      List<String> passing =
          files
              .filter(file -> !file.endsWith("identity.conf"))
              .flatMap(file -> location.matcher(read(file)).results())
              .map(MatchResult::group)
              .filter(block -> block.contains("proxy_pass "))
              .toList();
      assertThat(passing)
          .hasSize(12)
          .allSatisfy(block -> assertThat(block).contains("include identity.conf;"));
      assertThat(
              passing.stream()
                  .filter(
                      block ->
                          block.contains("127.0.0.1:8888") || block.contains("http://sharder")))
          .hasSize(8)
          .allSatisfy(block -> assertThat(block).contains("include sharder-secret.con[f];"));
    }
  }

  @Test
  void theScriptOfNginxIsToldAllItAsksFor() {
    Pattern asked = Pattern.compile("\\$([A-Z_]+)");
    assertThat(asked.matcher(read(DOCKER.resolve("nginx.sh"))).results())
        .isNotEmpty()
        .allSatisfy(name -> assertThat(environment("nginx")).containsKey(name.group(1)));
  }

  @Test
  void everyFileThatItsReadmeLinksToIsThere() {
    Pattern link = Pattern.compile("\\]\\((?!https?:|#)([^)#]+)");
    assertThat(link.matcher(read(DEPLOY.resolve("README.md"))).results())
        .isNotEmpty()
        .allSatisfy(target -> assertThat(DEPLOY.resolve(target.group(1))).exists());
  }

  private List<String> names(Predicate<JsonNode> wanted) {
    return compose.get("services").properties().stream()
        .filter(service -> wanted.test(service.getValue()))
        .map(Map.Entry::getKey)
        .sorted()
        .toList();
  }

  /** The variables of a service as its container sees them, but for the secrets. */
  private Map<String, String> environment(String service) {
    Map<String, String> variables = new TreeMap<>();
    compose
        .at("/services/" + service + "/environment")
        .properties()
        .forEach(
            variable ->
                variables.put(variable.getKey(), variable.getValue().asText().replace("$$", "$")));
    return variables;
  }

  private String address(String service, String network) {
    return compose.at("/services/%s/networks/%s/ipv4_address".formatted(service, network)).asText();
  }

  private static Stream<String> texts(JsonNode list) {
    return list.valueStream().filter(JsonNode::isTextual).map(JsonNode::asText);
  }

  private static JsonNode yaml(Path file) {
    LoaderOptions options = new LoaderOptions();
    options.setAllowDuplicateKeys(false);
    Object values = new Yaml(new SafeConstructor(options)).load(read(file));
    return JsonMapper.builder().build().valueToTree(values);
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }
}
