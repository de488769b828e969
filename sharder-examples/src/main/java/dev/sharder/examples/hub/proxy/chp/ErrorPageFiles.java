package dev.sharder.examples.hub.proxy.chp;

import dev.sharder.examples.hub.proxy.BuiltInPages;
import dev.sharder.examples.hub.proxy.Decision;
import dev.sharder.examples.hub.proxy.ErrorPages;
import dev.sharder.examples.hub.server.StartException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Pages in a folder: {@code 404.html} and the like, and {@code error.html} for all others. They are
 * read at the start and at each reload; a page that is not there is a built-in one.
 */
final class ErrorPageFiles implements ErrorPages {

  private static final String OTHERS = "error.html";

  private final Path folder;
  private final ErrorPages builtIn = new BuiltInPages();
  private volatile Map<String, byte[]> pages;

  /**
   * Reads the pages.
   *
   * @throws StartException if the folder or one of them cannot be read
   */
  ErrorPageFiles(Path folder) {
    this.folder = folder;
    this.pages = read(folder);
  }

  private static Map<String, byte[]> read(Path folder) {
    Map<String, byte[]> read = new HashMap<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.html")) {
      for (Path file : files) {
        read.put(String.valueOf(file.getFileName()), Files.readAllBytes(file));
      }
    } catch (IOException unreadable) {
      throw new StartException(
          "the error pages in '%s' cannot be read: %s; name a folder with 404.html, 503.html or error.html"
              .formatted(folder, unreadable),
          unreadable);
    }
    return Map.copyOf(read);
  }

  /** Reads the pages again. */
  void reload() {
    pages = read(folder);
  }

  @Override
  public CompletionStage<Decision.Answer> page(int status, String reason, String uri) {
    Map<String, byte[]> all = pages;
    byte[] page = all.getOrDefault(status + ".html", all.get(OTHERS));
    return page == null
        ? builtIn.page(status, reason, uri)
        : CompletableFuture.completedFuture(BuiltInPages.html(status, page));
  }
}
