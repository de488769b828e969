package dev.sharder.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every link within the repository leads somewhere. */
class DocumentationLinksTest {

  private static final Pattern LINK = Pattern.compile("]\\((?!https?:)([^)#\\s]*)(?:#([^)\\s]+))?");

  static Stream<Path> pages() {
    return DocumentationPages.all().stream().map(DocumentationPages.ROOT::relativize);
  }

  @Test
  @DisplayName("all pages are looked at")
  void allPages() {
    assertThat(pages().map(Path::toString))
        .contains("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
        .contains("docs/library.md", "docs/architecture.md", "sharder-examples/deploy/README.md");
  }

  @ParameterizedTest
  @MethodSource("pages")
  @DisplayName("every file and every anchor that a page links to exists")
  void links(Path page) {
    Path file = DocumentationPages.ROOT.resolve(page);
    assertThat(LINK.matcher(DocumentationPages.prose(file)).results().toList())
        .allSatisfy(link -> follow(file, link));
  }

  private static void follow(Path page, MatchResult link) {
    Path target = link.group(1).isEmpty() ? page : page.resolveSibling(link.group(1)).normalize();
    assertThat(target).exists();
    if (link.group(2) != null) {
      assertThat(target).isRegularFile();
      assertThat(DocumentationPages.anchors(target)).contains(link.group(2));
    }
  }

  @Test
  @DisplayName("every page in docs is linked to from the README")
  void reachable() {
    String readme = DocumentationPages.read("README.md");
    assertThat(pages().filter(page -> page.startsWith("docs")))
        .hasSizeGreaterThan(10)
        .allSatisfy(page -> assertThat(readme).contains("](" + page + ")"))
        .allSatisfy(
            page -> assertThat(Files.exists(DocumentationPages.ROOT.resolve(page))).isTrue());
  }
}
