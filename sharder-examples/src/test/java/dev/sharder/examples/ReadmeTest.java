package dev.sharder.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.examples.hub.cli.HubSharder;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** What the README and the pages in docs show is what there is. */
class ReadmeTest {

  private static final String README = "README.md";

  @Test
  @DisplayName("the README is short, and its dependency and its Java are on the first screen")
  void itIsShort() {
    List<String> lines = DocumentationPages.read(README).lines().toList();
    assertThat(lines).hasSizeLessThanOrEqualTo(150);
    assertThat(lines.indexOf("```xml")).isBetween(1, 20);
    assertThat(lines.indexOf("```java")).isBetween(1, 25);
  }

  @Test
  void itsJavaExampleIsTheQuickStartThatIsCompiledHere() {
    String example = DocumentationPages.blocks(README, "java").get(0);
    String quickStart =
        DocumentationPages.read(
            "sharder-examples/src/main/java/dev/sharder/examples/QuickStart.java");
    assertThat(code(quickStart)).isEqualTo(code(example));
    assertThat(example.lines().filter(line -> !line.isBlank() && !line.startsWith("import ")))
        .hasSizeLessThanOrEqualTo(15);
  }

  /** The lines of a class, without its package and its Javadoc. */
  private static List<String> code(String java) {
    return java.replaceAll("(?s)/\\*\\*.*?\\*/", "")
        .lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty() && !line.startsWith("package "))
        .toList();
  }

  @Test
  void theQuickStartPrintsWhatTheReadmeSaysItPrints() {
    PrintStream before = System.out;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
    try {
      QuickStart.main(new String[0]);
    } finally {
      System.setOut(before);
    }
    assertThat(DocumentationPages.blocks(README, "text"))
        .contains(printed.toString(StandardCharsets.UTF_8));
  }

  @Test
  void itsDependencyIsOfThisVersion() {
    String version = "<version>" + property("version") + "</version>";
    assertThat(only(DocumentationPages.blocks(README, "xml")).lines())
        .anySatisfy(line -> assertThat(line).contains(">sharder-jdbc<", version));
    assertThat(only(DocumentationPages.blocks("docs/store-spi.md", "xml")))
        .contains("<artifactId>sharder-core</artifactId>", "<type>test-jar</type>", version);
  }

  @Test
  @DisplayName("the pool, the drivers and the log that it names are those that are tested here")
  void itsLibrariesAreTheTestedOnes() {
    String readme = DocumentationPages.read(README);
    assertThat(readme)
        .contains(">HikariCP</artifactId><version>" + property("hikari.version") + "<")
        .contains(">sqlite-jdbc</artifactId><version>" + property("sqlite.version") + "<")
        .contains("org.postgresql:postgresql:" + property("postgresql.version"))
        .contains("org.slf4j:slf4j-simple:" + property("slf4j.version"));
  }

  private static String property(String name) {
    Matcher property =
        Pattern.compile("<" + name + ">(.*)</" + name + ">")
            .matcher(DocumentationPages.read("pom.xml"));
    assertThat(property.find()).isTrue();
    return property.group(1);
  }

  @Test
  void theNginxConfigurationThatIsShownIsTheOneThatIsTriedWithNginx() {
    List<String> tried =
        nginxLines(DocumentationPages.read("sharder-examples/src/test/resources/nginx.conf"));
    List<String> shown =
        nginxLines(only(DocumentationPages.blocks("docs/hub-sharder.md", "nginx")));
    assertThat(shown).hasSizeGreaterThan(20);
    assertThat(tried).containsAll(shown);
  }

  /** The statements, whatever the ports. */
  private static List<String> nginxLines(String configuration) {
    return configuration
        .lines()
        .map(line -> line.replaceAll("#.*", "").replaceAll("127.0.0.1:[\\w@]+", "HOST").strip())
        .filter(line -> !line.isEmpty())
        .toList();
  }

  @Test
  void theTablesThatAreShownAreTheTablesOfTheMigrations() {
    String page = DocumentationPages.read("docs/schema.md");
    for (String product : List.of("sqlite", "postgresql")) {
      String migration =
          DocumentationPages.read(
                  "sharder-jdbc/src/main/resources/dev/sharder/jdbc/migration/"
                      + product
                      + "/V1__tables.sql")
              // Without the bodies of functions, whose variables are no columns.
              .replaceAll("(?s)\\$\\$.*?\\$\\$", "");
      Matcher table = Pattern.compile("CREATE TABLE (\\w+)").matcher(migration);
      Matcher column = Pattern.compile("(?m)^  ([a-z_]+) +[a-zA-Z]").matcher(migration);
      assertThat(column.results().map(found -> found.group(1)))
          .isNotEmpty()
          .allSatisfy(name -> assertThat(page).containsPattern("\\b" + name + "\\b"));
      assertThat(table.results().map(found -> found.group(1)))
          .isNotEmpty()
          .allSatisfy(name -> assertThat(page).contains("`" + name + "`"));
    }
  }

  @Test
  @DisplayName("docs/cli.md names every command")
  void commands() {
    String page = DocumentationPages.read("docs/cli.md");
    assertThat(HubSharder.commandLine().getSubcommands().keySet())
        .contains("schema")
        .allSatisfy(command -> assertThat(page).containsPattern("`[^`]*\\b" + command + "\\b"));
  }

  @Test
  @DisplayName("the simulation that docs/hub-sharder.md shows is what its command prints")
  void simulation() {
    List<String> arguments =
        List.of(
            "simulate",
            "--bins",
            "3",
            "--objects",
            "1200",
            "--points",
            "4",
            "--policy",
            "emptiest,ramped",
            "--at",
            "600 bin add hub-4 --weight 2",
            "--at",
            "900 bin drain hub-1");
    StringWriter printed = new StringWriter();
    CommandLine commandLine = HubSharder.commandLine().setOut(new PrintWriter(printed));
    assertThat(commandLine.execute(arguments.toArray(String[]::new))).isZero();
    assertThat(DocumentationPages.blocks("docs/hub-sharder.md", "text"))
        .contains(printed.toString());
    String shown =
        DocumentationPages.blocks("docs/hub-sharder.md", "sh").stream()
            .filter(block -> block.contains(" simulate "))
            .findFirst()
            .orElseThrow();
    assertThat(shown.replaceAll("[\\\\'\\s]+", " ")).contains(String.join(" ", arguments));
  }

  @Test
  @DisplayName("the README's test command is what both kinds of CI run")
  void ci() {
    String command = "./mvnw verify";
    assertThat(DocumentationPages.blocks(README, "sh")).contains(command + "\n");
    assertThat(DocumentationPages.read(".ci/run")).endsWith("exec " + command + "\n");
    assertThat(DocumentationPages.read(".github/workflows/ci.yml"))
        .contains("run: " + command + "\n", "java: [17, 21, 25]");
  }

  private static String only(List<String> blocks) {
    assertThat(blocks).hasSize(1);
    return blocks.get(0);
  }
}
