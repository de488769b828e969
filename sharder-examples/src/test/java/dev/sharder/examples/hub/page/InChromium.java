package dev.sharder.examples.hub.page;

import com.microsoft.playwright.Page;
import dev.sharder.examples.hub.api.RunningApi;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/**
 * What tests in a browser share: one Chromium for a class; a server and an open page for a test.
 */
abstract class InChromium {

  static Chromium chromium;

  @TempDir Path folder;
  RunningApi api;
  OpenedPage opened;
  Page page;

  @BeforeAll
  static void startChromium() {
    chromium = Chromium.start();
  }

  @AfterAll
  static void endChromium() {
    if (chromium != null) {
      chromium.close();
    }
  }

  String database() {
    return "jdbc:sqlite:" + folder.resolve("sharder.db");
  }

  /** Starts a server with hub-1, hub-2 and these hubs. */
  void startApi(String... more) throws Exception {
    api = RunningApi.start(folder, database());
    api.addBins("hub", more);
  }

  /** Opens the page in a window of this size, and closes the one before. */
  void open(int width, int height) {
    closePage();
    opened = OpenedPage.open(chromium, api, width, height);
    page = opened.page();
  }

  private void closePage() {
    if (opened != null) {
      opened.close();
    }
  }

  @AfterEach
  void end() {
    closePage();
    if (api != null) {
      api.close();
    }
  }
}
