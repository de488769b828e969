package dev.sharder.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the README shows is what there is. */
class ReadmeTest {

  private static final Path ROOT = Path.of("").toAbsolutePath().getParent();

  @Test
  void itsJavaExampleIsTheQuickStartThatIsCompiledHere() throws Exception {
    String example = only(blocks("java")).strip();
    String quickStart = read("sharder-examples/src/main/java/dev/sharder/examples/QuickStart.java");
    assertThat(withoutIndent(quickStart)).contains(withoutIndent(example));
    assertThat(example.lines().filter(line -> !line.isBlank() && !line.startsWith("import ")))
        .hasSizeLessThanOrEqualTo(15);
  }

  private static String withoutIndent(String java) {
    return String.join("\n", java.lines().map(String::strip).toList());
  }

  @Test
  void theQuickStartPrintsWhatTheReadmeSaysItPrints() throws Exception {
    PrintStream before = System.out;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
    try {
      QuickStart.main(new String[0]);
    } finally {
      System.setOut(before);
    }
    assertThat(blocks("text")).contains(printed.toString(StandardCharsets.UTF_8));
  }

  @Test
  void itsDependencyIsOfThisVersion() throws Exception {
    Matcher version = Pattern.compile("<version>(.*)</version>").matcher(read("pom.xml"));
    assertThat(version.find()).isTrue();
    assertThat(blocks("xml"))
        .hasSize(2)
        .allSatisfy(dependency -> assertThat(dependency).contains(version.group()))
        .anySatisfy(dependency -> assertThat(dependency).contains("sharder-jdbc"));
  }

  @Test
  void itsNginxConfigurationIsTheOneThatIsTriedWithNginx() throws Exception {
    List<String> tried = nginxLines(read("sharder-examples/src/test/resources/nginx.conf"));
    assertThat(tried).containsAll(nginxLines(only(blocks("nginx"))));
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
  void itsTablesAreTheTablesOfTheMigrations() throws Exception {
    for (String product : List.of("sqlite", "postgresql")) {
      String migration =
          read(
              "sharder-jdbc/src/main/resources/dev/sharder/jdbc/migration/"
                  + product
                  + "/V1__tables.sql");
      Matcher table = Pattern.compile("CREATE TABLE (\\w+)").matcher(migration);
      Matcher column = Pattern.compile("(?m)^  ([a-z_]+) +[a-zA-Z]").matcher(migration);
      assertThat(column.results().map(found -> found.group(1)))
          .isNotEmpty()
          .allSatisfy(name -> assertThat(read("README.md")).containsPattern("\\b" + name + "\\b"));
      assertThat(table.results().map(found -> found.group(1)))
          .isNotEmpty()
          .allSatisfy(name -> assertThat(read("README.md")).contains("`" + name + "`"));
    }
  }

  @Test
  void everyFileItLinksToIsThere() throws Exception {
    Matcher link = Pattern.compile("\\]\\((?!https?:|#)([^)#]+)").matcher(read("README.md"));
    assertThat(link.results().map(found -> ROOT.resolve(found.group(1))))
        .isNotEmpty()
        .allSatisfy(file -> assertThat(file).exists());
  }

  private static String only(List<String> blocks) {
    assertThat(blocks).hasSize(1);
    return blocks.get(0);
  }

  private static List<String> blocks(String language) throws IOException {
    Pattern block = Pattern.compile("(?ms)^```" + language + "\\n(.*?)^```$");
    return block.matcher(read("README.md")).results().map(found -> found.group(1)).toList();
  }

  private static String read(String file) throws IOException {
    try (Stream<String> lines = Files.lines(ROOT.resolve(file))) {
      return String.join("\n", lines.toList()) + "\n";
    }
  }
}
