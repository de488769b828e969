package dev.sharder.examples.hub.page;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.microsoft.playwright.Page;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** Takes the pictures of the documentation: {@code -Dpage.pictures=docs}. */
@Timeout(300)
@EnabledIfSystemProperty(named = PagePicturesTest.PICTURES, matches = ".+")
class PagePicturesTest extends InChromium {

  static final String PICTURES = "page.pictures";

  @Test
  void operatorPage() throws Exception {
    startApi("hub-3", "hub-4", "hub-5");
    api.admin("PATCH", "/kinds/hub/bins/hub-2", "{\"capacity\": 400}");
    api.admin("PATCH", "/kinds/hub/bins/hub-4", "{\"capacity\": 150}");
    api.admin("PATCH", "/kinds/hub/bins/hub-5", "{\"weight\": 2, \"capacity\": 600}");
    open(1200, 740);
    opened.assignMany(860);
    api.admin(
        "PATCH", "/kinds/hub/bins/hub-3", "{\"state\": \"cordoned\", \"reason\": \"new disks\"}");
    moveHedy("hub-5");
    assignSome();
    opened.signIn();
    opened.find("hedy");
    assertThat(page.locator("#home")).hasText("hub-5");
    take("operator-page.png");
  }

  @Test
  void sixtyBins() throws Exception {
    startApi();
    for (int i = 1; i <= 60; i++) {
      String region = List.of("eu", "us", "asia").get(i * 7 % 3);
      String capacity = i % 3 == 0 ? "%d".formatted(150 + i * 37 % 250) : "null";
      api.admin(
          "PUT",
          "/kinds/hub/bins/hub-" + i,
          "{\"labels\": {\"region\": \"%s\"}, \"capacity\": %s}".formatted(region, capacity));
    }
    open(1200, 900);
    opened.assignMany(9_500);
    for (String closed : List.of("hub-7", "hub-23")) {
      api.admin(
          "PATCH",
          "/kinds/hub/bins/" + closed,
          "{\"state\": \"cordoned\", \"reason\": \"new disks\"}");
    }
    api.admin("PATCH", "/kinds/hub/bins/hub-41", "{\"state\": \"draining\"}");
    moveHedy("hub-12");
    assignSome();
    opened.goTo("?sort=-load");
    assertThat(page.locator("#bins-count")).hasText("60 bins");
    take("operator-page-60-bins.png");
  }

  private void moveHedy(String bin) throws Exception {
    api.assign("hub", "hedy");
    api.admin(
        "POST",
        "/kinds/hub/assignments/hedy/move",
        "{\"bin\": \"%s\", \"reason\": \"the lab\"}".formatted(bin));
  }

  private void assignSome() throws Exception {
    for (String newUser : List.of("grace", "edsger", "barbara", "donald", "radia", "dennis")) {
      api.assign("hub", newUser);
    }
  }

  private void take(String name) {
    assertThat(page.locator("#newest li").first()).containsText("dennis");
    page.screenshot(
        new Page.ScreenshotOptions()
            .setPath(
                Path.of("")
                    .toAbsolutePath()
                    .getParent()
                    .resolve(System.getProperty(PICTURES))
                    .resolve(name)));
  }
}
