package dev.sharder.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.store.AssignmentStore;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The guide for authors of stores shows the store that is built and tested here. */
class StoreGuideTest {

  private static final String PAGE = "docs/store-spi.md";
  private static final String STORE = "sharder-jdbc/src/test/java/dev/sharder/h2";

  @Test
  @DisplayName("all code that docs/store-spi.md shows is in the store on H2 or its test")
  void quoted() throws IOException {
    String store = withoutIndent(source());
    assertThat(DocumentationPages.blocks(PAGE, "java"))
        .hasSizeGreaterThan(8)
        .allSatisfy(block -> assertThat(store).contains(withoutIndent(block.strip())));
  }

  @Test
  @DisplayName("docs/store-spi.md names every method of the interface that a store implements")
  void methods() {
    List<String> methods =
        Stream.of(AssignmentStore.class.getMethods())
            .map(Method::getName)
            .filter(name -> !name.equals("inMemory"))
            .toList();
    String page = DocumentationPages.read(PAGE);
    assertThat(methods)
        .contains("update")
        .allSatisfy(name -> assertThat(page).contains("`" + name));
  }

  private static String source() throws IOException {
    try (Stream<Path> files = Files.list(DocumentationPages.ROOT.resolve(STORE))) {
      return files
          .map(file -> DocumentationPages.read(DocumentationPages.ROOT.relativize(file).toString()))
          .collect(Collectors.joining("\n"));
    }
  }

  private static String withoutIndent(String java) {
    return java.lines().map(String::strip).collect(Collectors.joining("\n"));
  }
}
