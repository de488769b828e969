package dev.sharder.jdbc;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Small programs in processes of their own, with what a user's build would give them and no more:
 * the libraries that the poms of core and jdbc name, a pool and one driver.
 */
@DisplayName("A program that embeds the store")
@Timeout(120)
class EmbeddingTest {

  private static final List<String> CORE =
      List.of("sharder-core", "caffeine", "jspecify", "slf4j-api");

  private static final List<String> JDBC =
      List.of("sharder-jdbc", "jdbi3-core", "jdbi3-sqlobject", "geantyref", "jackson-core");

  private static final Map<String, String> PROGRAMS =
      Map.of(
          "pooled/module-info.java",
          """
          module pooled {
            requires dev.sharder;
            requires dev.sharder.jdbc;
            requires com.zaxxer.hikari;
          }
          """,
          "pooled/pooled/Program.java",
          """
          package pooled;

          public class Program {
            public static void main(String[] args) {
              try (var database = new com.zaxxer.hikari.HikariDataSource()) {
                database.setJdbcUrl(args[0]);
                try (var store = dev.sharder.jdbc.JdbiAssignmentStore.create(database);
                    var hubs = dev.sharder.Sharder.builder("hub", store).bins("a").build()) {
                  System.out.println("ada is in " + hubs.assign("ada").bin());
                }
                String sql = "dev/sharder/jdbc/migration/sqlite/V1__tables.sql";
                System.out.println("SQL: " + ClassLoader.getSystemResource(sql));
              } catch (dev.sharder.SharderException refused) {
                System.out.println("refused: " + refused.getMessage());
              }
            }
          }
          """,
          "plain/plain/Program.java",
          """
          package plain;

          import java.lang.reflect.Proxy;
          import java.sql.DriverManager;
          import javax.sql.DataSource;

          public class Program {
            public static void main(String[] args) {
              var database =
                  (DataSource)
                      Proxy.newProxyInstance(
                          Program.class.getClassLoader(),
                          new Class<?>[] {DataSource.class},
                          (proxy, method, none) ->
                              switch (method.getName()) {
                                case "getConnection" -> DriverManager.getConnection(args[0]);
                                case "isWrapperFor" -> false;
                                default -> throw new UnsupportedOperationException();
                              });
              try (var store = dev.sharder.jdbc.JdbiAssignmentStore.create(database);
                  var hubs = dev.sharder.Sharder.builder("hub", store).bins("a").build()) {
                System.out.println("ada is in " + hubs.assign("ada").bin());
              } catch (dev.sharder.SharderException refused) {
                System.out.println("refused: " + refused.getMessage());
              }
            }
          }
          """,
          "memory/module-info.java",
          """
          module memory {
            requires dev.sharder;
          }
          """,
          "memory/memory/Program.java",
          """
          package memory;

          import dev.sharder.Sharder;
          import dev.sharder.store.AssignmentStore;

          public class Program {
            public static void main(String[] args) {
              var hubs = Sharder.builder("hub", AssignmentStore.inMemory()).bins("a").build();
              System.out.println("ada is in " + hubs.assign("ada").bin());
            }
          }
          """);

  @TempDir private static Path compiled;

  @TempDir private Path folder;

  @BeforeAll
  static void compile() throws IOException {
    compile("pooled", "--module-path", path(CORE, JDBC, List.of("HikariCP")));
    compile("plain", "--class-path", path(CORE, JDBC));
    compile("memory", "--module-path", path(CORE));
  }

  private static void compile(String program, String... libraries) throws IOException {
    List<String> arguments = new ArrayList<>(List.of(libraries));
    arguments.addAll(List.of("--release", "17", "-d", compiled.resolve(program).toString()));
    for (Map.Entry<String, String> source : PROGRAMS.entrySet()) {
      if (source.getKey().startsWith(program + "/")) {
        Path file = compiled.resolve("source").resolve(source.getKey());
        Files.createDirectories(file.getParent());
        Files.writeString(file, source.getValue());
        arguments.add(file.toString());
      }
    }
    int result =
        ToolProvider.getSystemJavaCompiler()
            .run(null, null, null, arguments.toArray(String[]::new));
    assertThat(result).as("javac %s", arguments).isZero();
  }

  @ParameterizedTest
  @MethodSource("jdks")
  @DisplayName("runs on the class path, with one driver and without Micrometer")
  void classPath(Path jdk) throws Exception {
    assertThat(onClassPath(jdk, "pooled", sqlite(), "HikariCP", "sqlite-jdbc"))
        .contains("ada is in a")
        .contains("SQL: file:");
  }

  @Test
  @DisplayName("runs on the class path without HikariCP")
  void withoutPool() throws Exception {
    assertThat(onClassPath(here(), "plain", sqlite(), "sqlite-jdbc")).contains("ada is in a");
  }

  @Test
  @DisplayName("runs with PostgreSQL's driver alone")
  void withoutSqlite() throws Exception {
    String url = TestPostgres.newSchema();
    assertThat(onClassPath(here(), "pooled", url, "HikariCP", "postgresql"))
        .contains("ada is in a");
    assertThat(onClassPath(here(), "plain", url, "postgresql")).contains("ada is in a");
    assertThat(onModulePath(here(), url, "postgresql")).contains("ada is in a");
  }

  @ParameterizedTest
  @CsvSource({
    "pooled, jdbc:sqlite:x.db, postgresql, SQLite, org.xerial:sqlite-jdbc",
    "plain, jdbc:sqlite:x.db, postgresql, SQLite, org.xerial:sqlite-jdbc",
    "pooled, jdbc:postgresql:x, sqlite-jdbc, PostgreSQL, org.postgresql:postgresql",
    "plain, jdbc:postgresql:x, sqlite-jdbc, PostgreSQL, org.postgresql:postgresql",
    "pooled, jdbc:mariadb://x/y, sqlite-jdbc, MariaDB, org.mariadb.jdbc:mariadb-java-client",
  })
  @DisplayName("without the driver of its database gets an error that names the artifact")
  void withoutDriver(String program, String url, String other, String product, String artifact)
      throws Exception {
    assertThat(onClassPath(here(), program, url, "HikariCP", other))
        .contains(
            "refused: the JDBC driver of %s is missing; add the dependency %s\n"
                .formatted(product, artifact));
  }

  @Test
  @DisplayName("with a URL of no driver gets an error that names the artifacts")
  void withoutAnyDriver() throws Exception {
    assertThat(onClassPath(here(), "pooled", "jdbc:postgres:x", "HikariCP", "postgresql"))
        .contains("refused: no JDBC driver accepts the URL of the data source; ")
        .contains("a URL jdbc:sqlite:… needs org.xerial:sqlite-jdbc, ")
        .contains("a URL jdbc:postgresql:… needs org.postgresql:postgresql, ")
        .contains("a URL jdbc:mariadb:… needs org.mariadb.jdbc:mariadb-java-client\n");
  }

  @ParameterizedTest
  @MethodSource("jdks")
  @DisplayName("runs on the module path, without Micrometer and without --add-modules")
  void modulePath(Path jdk) throws Exception {
    assertThat(onModulePath(jdk, sqlite(), "sqlite-jdbc"))
        .contains("ada is in a")
        .contains("SQL: file:");
  }

  @Test
  @DisplayName("on the module path without the driver gets an error that names the artifact")
  void modulePathWithoutDriver() throws Exception {
    assertThat(onModulePath(here(), "jdbc:sqlite:x.db", "postgresql"))
        .contains("add the dependency org.xerial:sqlite-jdbc\n");
  }

  @Test
  @DisplayName("may leave its pool and its driver on the class path while Sharder is a module")
  void mixedPaths() throws Exception {
    String classPath =
        compiled.resolve("plain") + File.pathSeparator + path(List.of("sqlite-jdbc"));
    assertThat(
            run(
                java(here()),
                "--module-path",
                path(CORE, JDBC),
                "--add-modules",
                "dev.sharder.jdbc",
                "--class-path",
                classPath,
                "plain.Program",
                sqlite()))
        .contains("ada is in a");
  }

  @Test
  @DisplayName("is linked into an image, or runs with its jars on one that holds the JDK's part")
  void image() throws Exception {
    Path jlink = here().resolve("bin/jlink");
    assumeThat(jlink).exists();
    Path image = folder.resolve("image");
    run(
        jlink.toString(),
        "--module-path",
        compiled.resolve("memory") + File.pathSeparator + path(CORE),
        "--add-modules",
        "memory,java.management,java.naming,java.sql,java.sql.rowset",
        "--output",
        image.toString());
    assertThat(run(java(image), "--module", "memory/memory.Program")).contains("ada is in a");
    assertThat(onModulePath(image, sqlite(), "sqlite-jdbc")).contains("ada is in a");
    assertThat(onModulePath(image, TestPostgres.newSchema(), "postgresql")).contains("ada is in a");
  }

  @Test
  @DisplayName("finds in the jar what native-image must know: the SQL, the statements, the drivers")
  void nativeImage() throws Exception {
    JsonNode metadata;
    try (InputStream json =
        EmbeddingTest.class.getResourceAsStream(
            "/META-INF/native-image/dev.sharder/sharder-jdbc/reachability-metadata.json")) {
      metadata = JsonMapper.builder().build().readTree(json);
    }
    List<String> named = new ArrayList<>();
    for (JsonNode entry : metadata.get("reflection")) {
      JsonNode type = entry.get("type");
      String name = type.isTextual() ? type.textValue() : type.get("proxy").get(0).textValue();
      named.add(Class.forName(name).getName() + (type.isTextual() ? "" : " (proxy)"));
    }
    for (Class<?> statements : List.of(SqliteStatements.class, PostgresStatements.class)) {
      assertThat(named).contains(statements.getName(), statements.getName() + " (proxy)");
    }
    String glob = metadata.get("resources").get(0).get("glob").textValue();
    PathMatcher matcher = FileSystems.getDefault().getPathMatcher("glob:" + glob);
    Path resources = Path.of("src/main/resources");
    try (Stream<Path> files = Files.walk(resources)) {
      assertThat(files.filter(file -> file.toString().endsWith(".sql")))
          .hasSizeGreaterThan(1)
          .allMatch(file -> matcher.matches(resources.relativize(file)));
    }
  }

  private String sqlite() {
    return "jdbc:sqlite:" + folder.resolve("sharder.db");
  }

  private static String onClassPath(Path jdk, String program, String url, String... more)
      throws Exception {
    String classPath = compiled.resolve(program) + File.pathSeparator;
    return run(
        java(jdk),
        // To compile well takes longer than such a short program runs.
        "-XX:TieredStopAtLevel=1",
        "--class-path",
        classPath + path(CORE, JDBC, List.of(more)),
        program + ".Program",
        url);
  }

  private static String onModulePath(Path jdk, String url, String driver) throws Exception {
    String modulePath = compiled.resolve("pooled") + File.pathSeparator;
    return run(
        java(jdk),
        "-XX:TieredStopAtLevel=1",
        "--module-path",
        modulePath + path(CORE, JDBC, List.of("HikariCP", driver)),
        "--module",
        "pooled/pooled.Program",
        url);
  }

  private static String run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(printed).isZero();
    return printed;
  }

  private static String java(Path home) {
    return home.resolve("bin/java").toString();
  }

  private static Path here() {
    return Path.of(System.getProperty("java.home"));
  }

  /** Returns this JDK, those that a CI names in its environment, and those of a distribution. */
  static Stream<Path> jdks() throws IOException {
    List<Path> homes = new ArrayList<>(List.of(here()));
    System.getenv().entrySet().stream()
        .filter(variable -> variable.getKey().startsWith("JAVA_HOME_"))
        .forEach(variable -> homes.add(Path.of(variable.getValue())));
    Path installed = Path.of("/usr/lib/jvm");
    if (Files.isDirectory(installed)) {
      try (Stream<Path> found = Files.list(installed)) {
        found.forEach(homes::add);
      }
    }
    List<Path> jdks = new ArrayList<>();
    for (Path home : homes) {
      if (Files.exists(home.resolve("bin/java")) && feature(home) >= 17) {
        jdks.add(home.toRealPath());
      }
    }
    return jdks.stream().distinct();
  }

  private static int feature(Path home) throws IOException {
    Path release = home.resolve("release");
    Matcher version =
        Pattern.compile("JAVA_VERSION=\"(\\d+)")
            .matcher(Files.exists(release) ? Files.readString(release) : "");
    return version.find() ? Integer.parseInt(version.group(1)) : 0;
  }

  /** Returns the paths of artifacts on this test's class path. */
  @SafeVarargs
  private static String path(List<String>... artifacts) {
    return Stream.of(artifacts)
        .flatMap(List::stream)
        .map(EmbeddingTest::jar)
        .collect(joining(File.pathSeparator));
  }

  private static String jar(String artifact) {
    Pattern place =
        Pattern.compile(
            ".*/%1$s/target/classes|.*/%1$s-\\d[^/]*(?<!-tests)\\.jar".formatted(artifact));
    return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(entry -> place.matcher(entry.replace('\\', '/')).matches())
        .findFirst()
        .orElseThrow(() -> new AssertionError(artifact + " is not on the class path"));
  }
}
