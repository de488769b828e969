package dev.sharder.examples;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Reads the pages for users and developers, by their paths from the root of the repository. */
final class DocumentationPages {

  static final Path ROOT = Path.of("").toAbsolutePath().getParent();

  private static final Pattern FENCED = Pattern.compile("(?ms)^ *```.*?^ *```$");
  private static final Pattern HEADING = Pattern.compile("(?m)^#+ +(.*?) *$");

  private DocumentationPages() {}

  static String read(String page) {
    try {
      return Files.readString(ROOT.resolve(page));
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  /** Returns the fenced blocks of a language, in their order. */
  static List<String> blocks(String page, String language) {
    Pattern block = Pattern.compile("(?ms)^```" + language + "\\n(.*?)^```$");
    return block.matcher(read(page)).results().map(found -> found.group(1)).toList();
  }

  /** Returns the pages at the root, in {@code docs} and beside the deployment files. */
  static List<Path> all() {
    List<Path> pages = new ArrayList<>();
    for (String folder : List.of("", "docs", "sharder-examples/deploy")) {
      try (Stream<Path> files = Files.list(ROOT.resolve(folder))) {
        files.filter(file -> file.toString().endsWith(".md")).sorted().forEach(pages::add);
      } catch (IOException failure) {
        throw new UncheckedIOException(failure);
      }
    }
    return pages;
  }

  /** Returns the page without its fenced blocks, in which a bracket is no link. */
  static String prose(Path page) {
    return FENCED.matcher(read(ROOT.relativize(page).toString())).replaceAll("");
  }

  /** Returns the anchors that the forge makes of the page's headings. */
  static Set<String> anchors(Path page) {
    Set<String> anchors = new HashSet<>();
    Map<String, Integer> seen = new HashMap<>();
    HEADING
        .matcher(prose(page))
        .results()
        .map((MatchResult heading) -> slug(heading.group(1)))
        .forEach(
            slug -> {
              int before = seen.merge(slug, 1, Integer::sum) - 1;
              anchors.add(before == 0 ? slug : slug + "-" + before);
            });
    return anchors;
  }

  private static String slug(String heading) {
    return heading
        .replaceAll("\\[([^]]*)]\\([^)]*\\)", "$1")
        .toLowerCase(Locale.ROOT)
        .replaceAll("[^\\p{L}\\p{N} _-]", "")
        .replace(' ', '-');
  }
}
