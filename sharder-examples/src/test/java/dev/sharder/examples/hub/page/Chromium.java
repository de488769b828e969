package dev.sharder.examples.hub.page;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType.LaunchOptions;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The real Chromium, where it is installed. */
public record Chromium(Playwright playwright, Browser browser) implements AutoCloseable {

  /** Milliseconds, for a machine that is busy. */
  private static final int PATIENCE = 15_000;

  /** The first one lacks only the window, and needs half of the processors' time. */
  private static final String[] NAMES = {
    "chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"
  };

  /** Starts it, or skips the test. */
  public static Chromium start() {
    Optional<Path> installed = installed();
    assumeTrue(installed.isPresent(), "Chromium is not installed; install it to run this test");
    Map<String, String> neverDownload = Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    Playwright playwright = Playwright.create(new Playwright.CreateOptions().setEnv(neverDownload));
    // Its sandbox does not run as root, nor in many containers; it sees this machine alone.
    LaunchOptions options =
        new LaunchOptions()
            .setExecutablePath(installed.get())
            .setChromiumSandbox(false)
            // Whatever is in this domain is here, as if its owner had said so by DNS.
            .setArgs(List.of("--host-resolver-rules=MAP *.example.org 127.0.0.1"));
    PlaywrightAssertions.setDefaultAssertionTimeout(PATIENCE);
    return new Chromium(playwright, playwright.chromium().launch(options));
  }

  private static Optional<Path> installed() {
    Stream<Path> path =
        Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
            .map(Path::of);
    return path.flatMap(folder -> Arrays.stream(NAMES).map(folder::resolve))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /** Opens what another person would have: nothing kept, and a window of this size. */
  public BrowserContext visit(int width, int height) {
    return visit(new Browser.NewContextOptions().setViewportSize(width, height));
  }

  /** The same, of somebody who gives a site that asks for it a name and the password. */
  public BrowserContext visitAs(String user) {
    return visit(new Browser.NewContextOptions().setHttpCredentials(user, "secret"));
  }

  private BrowserContext visit(Browser.NewContextOptions options) {
    BrowserContext visit = browser.newContext(options.setLocale("en-GB"));
    visit.setDefaultTimeout(PATIENCE);
    return visit;
  }

  @Override
  public void close() {
    playwright.close();
  }
}
