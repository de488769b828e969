package dev.sharder.examples.hub.page;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Keyboard;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.Media;
import com.microsoft.playwright.options.ReducedMotion;
import dev.sharder.examples.hub.api.RunningApi;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The operators' page can be used by keyboard alone, with a screen reader, and at any width. */
@Timeout(180)
class PageAccessTest extends InChromium {

  @BeforeEach
  void start() throws Exception {
    startApi("hub-3", "hub-4");
    open(1200, 900);
  }

  @Test
  @DisplayName(
      "signing in, finding, moving, sorting, adding, cordoning, draining and rebalancing take no mouse")
  void keyboard() throws Exception {
    opened.assignMany(30);
    keys().press("Tab");
    assertThat(page.locator(".skip")).isFocused();
    keys().press("Enter");
    assertThat(page.locator("#bins-title")).isFocused();
    signInByKeyboard();
    findAndMoveByKeyboard();
    sortAndOpenABinByKeyboard();
    changeBinsByKeyboard();
    rebalanceByKeyboard();
    assertThat(opened.complaints()).isEmpty();
  }

  private Keyboard keys() {
    return page.keyboard();
  }

  private void signInByKeyboard() {
    tabTo(page.locator("#sign"), "Shift+Tab");
    keys().press("Enter");
    assertThat(opened.dialog().getByLabel("Token")).isFocused();
    keys().type(RunningApi.TOKEN);
    keys().press("Enter");
    assertThat(page.locator("#sign")).hasText("Sign out");
    assertThat(page.locator("#status")).hasText("Live");
  }

  private void findAndMoveByKeyboard() {
    keys().press("/");
    assertThat(page.locator("#find")).isFocused();
    keys().type("user-000");
    assertThat(page.locator("#find-names li")).hasCount(10);
    keys().press("ArrowDown");
    keys().press("ArrowDown");
    assertThat(page.locator("#find")).hasAttribute("aria-activedescendant", "find-1");
    keys().press("Enter");
    assertThat(page.locator("#user-title")).hasText("user-0001");
    assertThat(page.locator("#user-title")).isFocused();
    assertThat(page.locator("#home")).hasText("hub-2");
    tabTo(page.locator("#to"), "Tab");
    keys().type("hub-4");
    keys().press("Enter");
    assertThat(page.locator("#ask-title")).hasText("Move user-0001");
    acceptByKeyboard("Move");
    assertThat(page.locator("#home")).hasText("hub-4");
  }

  /** Names are in the dialog, whose first field or button has the focus. */
  private void acceptByKeyboard(String name) {
    tabTo(opened.dialogButton(name), "Tab");
    keys().press("Enter");
  }

  private void sortAndOpenABinByKeyboard() {
    tabTo(page.locator("[data-sort='name']"), "Shift+Tab");
    keys().press("Enter");
    assertThat(page.locator("th.name[scope='col']")).hasAttribute("aria-sort", "descending");
    Locator first = opened.row("hub-4").locator("a");
    tabTo(first, "Tab");
    keys().press("ArrowDown");
    assertThat(opened.row("hub-3").locator("a")).isFocused();
    keys().press("End");
    assertThat(opened.row("hub-1").locator("a")).isFocused();
    keys().press("Enter");
    assertThat(page.locator("#bin-title")).hasText("hub-1");
    assertThat(page.locator("#bin-title")).isFocused();
  }

  private void changeBinsByKeyboard() throws Exception {
    tabTo(opened.action("Cordon"), "Tab");
    keys().press("Enter");
    assertThat(page.locator("#ask-title")).hasText("Cordon hub-1");
    acceptByKeyboard("Cordon");
    assertThat(opened.action("Open")).isFocused();
    keys().press("Enter");
    assertThat(page.locator("#ask-title")).hasText("Open hub-1");
    keys().press("Escape");
    assertThat(page.locator("#ask")).isHidden();
    assertThat(page.locator("#bin-state")).hasText("cordoned");
    tabTo(opened.action("Drain"), "Tab");
    keys().press("Enter");
    acceptByKeyboard("Drain");
    assertThat(page.locator("#ask-done")).hasText("8 moves made.");
    assertThat(opened.dialogButton("Close")).isFocused();
    keys().press("Enter");
    assertThat(page.locator("#bin-state")).hasText("draining");
    tabTo(page.getByText("← All bins"), "Shift+Tab");
    keys().press("Enter");
    tabTo(page.locator("#add-bin"), "Tab");
    keys().press("Enter");
    assertThat(opened.dialog().getByLabel("Name")).isFocused();
    keys().type("hub-5");
    keys().press("Enter");
    assertThat(page.locator("#bin-title")).hasText("hub-5");
  }

  private void rebalanceByKeyboard() {
    tabTo(page.getByText("← All bins"), "Shift+Tab");
    keys().press("Enter");
    tabTo(page.locator("#rebalance"), "Tab");
    keys().press("Enter");
    keys().type("3");
    keys().press("Enter");
    assertThat(opened.dialog()).containsText("3 moves.");
    acceptByKeyboard("Rebalance");
    assertThat(page.locator("#ask-done")).hasText("3 moves made.");
    keys().press("Escape");
    assertThat(page.locator("#ask")).isHidden();
  }

  private void tabTo(Locator wanted, String key) {
    assertThat(wanted).isVisible();
    // What was focused before may have gone a moment ago; Tab would begin elsewhere.
    page.waitForFunction("() => document.activeElement !== document.body");
    for (int i = 0; i < 40 && !Boolean.TRUE.equals(hasFocus(wanted)); i++) {
      keys().press(key);
    }
    assertThat(wanted).isFocused();
  }

  private static Object hasFocus(Locator wanted) {
    return wanted.evaluate("one => one === document.activeElement");
  }

  @Test
  @DisplayName("where the table has no titles to sort by, Tab does not stop at them")
  void keyboardWhereNarrow() {
    open(360, 740);
    page.locator("#sort-by").focus();
    keys().press("Tab");
    assertThat(opened.row("hub-1").locator("a")).isFocused();
    page.setViewportSize(1200, 900);
    Locator share = page.locator("[data-sort='share']");
    assertThat(share).not().hasAttribute("tabindex", "-1");
    keys().press("Shift+Tab");
    assertThat(share).isFocused();
    assertThat(opened.complaints()).isEmpty();
  }

  @ParameterizedTest(name = "{0} px, {1}")
  @CsvSource({"360, DARK", "1200, LIGHT"})
  @DisplayName("axe-core finds nothing, and nothing is cut off, in any part of the page")
  void axe(int width, ColorScheme scheme) throws Exception {
    checkAllParts(width, scheme);
  }

  @ParameterizedTest(name = "{0} px, {1}")
  @CsvSource({"360, LIGHT", "1200, DARK"})
  @Tag("slow")
  @DisplayName("the same with the other colors")
  void axeInOtherColors(int width, ColorScheme scheme) throws Exception {
    checkAllParts(width, scheme);
  }

  private void checkAllParts(int width, ColorScheme scheme) throws Exception {
    api.admin("PATCH", "/kinds/hub/bins/hub-1", "{\"capacity\": 7, \"labels\": {\"a\": \"b\"}}");
    opened.assignMany(30);
    api.admin("PATCH", "/kinds/hub/bins/hub-2", "{\"state\": \"cordoned\"}");
    api.admin("PATCH", "/kinds/hub/bins/hub-3", "{\"state\": \"draining\"}");
    open(width, 740);
    page.emulateMedia(
        new Page.EmulateMediaOptions()
            .setColorScheme(scheme)
            .setReducedMotion(ReducedMotion.REDUCE));
    opened.signIn();
    assertThat(page.locator("#newest li")).hasCount(30);
    assertWell(width, "bins");
    api.admin("PATCH", "/kinds/hub/bins/hub-4", "{\"state\": \"cordoned\"}");
    opened.hurry();
    assertThat(page.locator("#banner")).isVisible();
    opened.find("nobody");
    page.getByText("Why no other bin").click();
    assertWell(width, "banner and a new user");
    api.admin("PATCH", "/kinds/hub/bins/hub-4", "{\"state\": \"open\"}");
    opened.hurry();
    assertThat(page.locator("#banner")).isHidden();
    opened.goTo("?bin=hub-2&user=user-0001");
    assertThat(page.locator("#home")).isVisible();
    assertThat(page.locator("#bin-users tbody tr").first()).isVisible();
    assertWell(width, "a bin and a user");
    opened.action("Change").click();
    assertWell(width, "a form");
    opened.dialogButton("Cancel").click();
    opened.action("Drain").click();
    assertThat(page.locator("#plan")).isVisible();
    assertWell(width, "a plan");
    opened.dialogButton("Drain").click();
    assertThat(page.locator("#ask-done")).containsText("moves made.");
    assertWell(width, "a result");
    assertThat(opened.complaints()).isEmpty();
  }

  private void assertWell(int width, String part) {
    assertThat(opened.accessibilityProblems()).as(part).isEmpty();
    assertThat(opened.widest()).as(part).isLessThanOrEqualTo(width);
  }

  @Test
  @DisplayName("a dialog hands the focus back to its button, although the bin changed meanwhile")
  void focusAfterDialog() throws Exception {
    opened.signIn();
    opened.openBin("hub-1");
    opened.action("Cordon").click();
    assertThat(page.locator("#ask-title")).hasText("Cordon hub-1");
    api.admin("PATCH", "/kinds/hub/bins/hub-1", "{\"state\": \"cordoned\"}");
    opened.hurry();
    assertThat(page.locator("#bin-state")).hasText("cordoned");
    page.keyboard().press("Escape");
    assertThat(opened.action("Open")).isFocused();
  }

  @Test
  @DisplayName("a print has every row that the filter leaves, and no buttons")
  void print() throws Exception {
    for (int i = 5; i <= 80; i++) {
      api.addBins("hub", "hub-" + i);
    }
    assertThat(page.locator("#bins-count")).hasText("80 bins");
    assertThat((int) page.evaluate("() => document.querySelectorAll('tr[data-bin]').length"))
        .isLessThan(60);
    page.evaluate("() => window.dispatchEvent(new Event('beforeprint'))");
    page.emulateMedia(new Page.EmulateMediaOptions().setMedia(Media.PRINT));
    assertThat(opened.rows()).hasCount(80);
    assertThat(page.locator("#add-bin")).isHidden();
    assertThat(page.locator("#newest")).isHidden();
    page.evaluate("() => window.dispatchEvent(new Event('afterprint'))");
    page.emulateMedia(new Page.EmulateMediaOptions().setMedia(Media.SCREEN));
    page.waitForFunction("() => document.querySelectorAll('tr[data-bin]').length < 60");
    assertThat(opened.complaints()).isEmpty();
  }
}
