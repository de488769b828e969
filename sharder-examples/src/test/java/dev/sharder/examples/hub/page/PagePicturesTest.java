package dev.sharder.examples.hub.page;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.microsoft.playwright.Page;
import dev.sharder.examples.hub.api.RunningApi;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** Takes the pictures of the documentation: {@code -Dpage.pictures=docs}. */
@Timeout(300)
@EnabledIfSystemProperty(named = PagePicturesTest.PICTURES, matches = ".+")
class PagePicturesTest {

  static final String PICTURES = "page.pictures";

  @TempDir private Path folder;

  @Test
  void operatorPage() throws Exception {
    try (Chromium chromium = Chromium.start();
        RunningApi api = RunningApi.start(folder, "jdbc:sqlite:" + folder.resolve("sharder.db"))) {
      api.addBins("hub", "hub-3", "hub-4", "hub-5");
      api.admin("PATCH", "/kinds/hub/bins/hub-2", "{\"capacity\": 400}");
      api.admin("PATCH", "/kinds/hub/bins/hub-4", "{\"capacity\": 150}");
      api.admin("PATCH", "/kinds/hub/bins/hub-5", "{\"weight\": 2, \"capacity\": 600}");
      try (OpenedPage opened = OpenedPage.open(chromium, api, 1200, 740)) {
        opened.assignMany(860);
        api.admin(
            "PATCH",
            "/kinds/hub/bins/hub-3",
            "{\"state\": \"cordoned\", \"reason\": \"new disks\"}");
        moveHedy(api, "hub-5");
        assignSome(api);
        opened.signIn();
        opened.find("hedy");
        assertThat(opened.page().locator("#home")).hasText("hub-5");
        take(opened, "operator-page.png");
      }
    }
  }

  @Test
  void sixtyBins() throws Exception {
    try (Chromium chromium = Chromium.start();
        RunningApi api = RunningApi.start(folder, "jdbc:sqlite:" + folder.resolve("sharder.db"))) {
      for (int i = 1; i <= 60; i++) {
        String region = List.of("eu", "us", "asia").get(i * 7 % 3);
        String capacity = i % 3 == 0 ? "%d".formatted(150 + i * 37 % 250) : "null";
        api.admin(
            "PUT",
            "/kinds/hub/bins/hub-" + i,
            "{\"labels\": {\"region\": \"%s\"}, \"capacity\": %s}".formatted(region, capacity));
      }
      try (OpenedPage opened = OpenedPage.open(chromium, api, 1200, 900)) {
        opened.assignMany(9_500);
        for (String closed : List.of("hub-7", "hub-23")) {
          api.admin(
              "PATCH",
              "/kinds/hub/bins/" + closed,
              "{\"state\": \"cordoned\", \"reason\": \"new disks\"}");
        }
        api.admin("PATCH", "/kinds/hub/bins/hub-41", "{\"state\": \"draining\"}");
        moveHedy(api, "hub-12");
        assignSome(api);
        opened.goTo("?sort=-load");
        assertThat(opened.page().locator("#bins-count")).hasText("60 bins");
        take(opened, "operator-page-60-bins.png");
      }
    }
  }

  private static void moveHedy(RunningApi api, String bin) throws Exception {
    api.assign("hub", "hedy");
    api.admin(
        "POST",
        "/kinds/hub/assignments/hedy/move",
        "{\"bin\": \"%s\", \"reason\": \"the lab\"}".formatted(bin));
  }

  private static void assignSome(RunningApi api) throws Exception {
    for (String newUser : List.of("grace", "edsger", "barbara", "donald", "radia", "dennis")) {
      api.assign("hub", newUser);
    }
  }

  private static void take(OpenedPage opened, String name) {
    assertThat(opened.page().locator("#newest li").first()).containsText("dennis");
    opened
        .page()
        .screenshot(
            new Page.ScreenshotOptions()
                .setPath(
                    Path.of("")
                        .toAbsolutePath()
                        .getParent()
                        .resolve(System.getProperty(PICTURES))
                        .resolve(name)));
  }
}
