package dev.sharder.examples.hub.page;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The operators' page stays right while others change what it shows, and whatever its URL says. */
@Timeout(120)
class PageLiveTest extends OnThreeHubs {

  private void become(String state, String... bins) {
    for (String bin : bins) {
      try {
        api.admin("PATCH", "/kinds/hub/bins/" + bin, "{\"state\": \"" + state + "\"}");
      } catch (Exception failure) {
        throw new IllegalStateException(failure);
      }
    }
  }

  @Test
  @DisplayName("a drain ends when someone opens the bin, and can be started again")
  void reopened() throws Exception {
    opened.signIn();
    opened.assignMany(9);
    opened.openBin("hub-1");
    page.route(
        "**/plans/apply",
        route -> {
          become("open", "hub-1");
          route.resume();
        },
        new Page.RouteOptions().setTimes(1));
    opened.action("Drain").click();
    opened.dialogButton("Drain").click();
    assertThat(page.locator("#ask-problem")).containsText("Someone opened hub-1 meanwhile.");
    assertThat(api.loads("hub")).containsEntry("hub-1", 3L);
    opened.dialogButton("Drain").click();
    assertThat(page.locator("#ask-done")).hasText("3 moves made.");
    assertThat(page.locator("#bin-state")).hasText("draining");
  }

  @Test
  @DisplayName(
      "the focus goes on to the next row when its row is filtered out, and at last to the title")
  void focus() {
    opened.goTo("?state=open");
    opened.row("hub-2").locator("a").focus();
    become("cordoned", "hub-2");
    assertThat(opened.row("hub-3").locator("a")).isFocused();
    page.keyboard().press("ArrowUp");
    assertThat(opened.row("hub-1").locator("a")).isFocused();
    become("cordoned", "hub-1", "hub-3");
    assertThat(page.locator("#bins-title")).isFocused();
    assertNoComplaints();
  }

  @Test
  @DisplayName("a bin that is added after Cancel does not take the view")
  void cancelled() {
    opened.signIn();
    List<Route> held = new ArrayList<>();
    page.route("**/bins/hub-4", held::add);
    opened.button("Add bin").click();
    opened.dialog().getByLabel("Name").fill("hub-4");
    opened.dialogButton("Add").click();
    page.waitForCondition(() -> !held.isEmpty());
    opened.dialogButton("Cancel").click();
    held.get(0).resume();
    assertThat(opened.row("hub-4")).isVisible();
    assertThat(page.locator("#bin")).isHidden();
    assertNoComplaints();
  }

  @Test
  @DisplayName("no URL is too strange for the page")
  void strangeUrl() {
    opened.goTo("?state=__proto__&label=constructor");
    assertThat(page.getByText("No bin matches the filter.")).isVisible();
    opened.goTo("?sort=-__proto__&kind=toString&bin=__proto__");
    assertThat(page.locator("#bin-state")).hasText("There is no such bin.");
    page.getByText("← All bins").click();
    assertThat(opened.rows()).hasCount(3);
    opened.goTo("?user=..");
    assertThat(page.locator("#user")).containsText("The name '..' cannot be in a URL");
    assertNoComplaints();
  }
}
