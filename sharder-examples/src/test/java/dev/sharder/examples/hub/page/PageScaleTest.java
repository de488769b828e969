package dev.sharder.examples.hub.page;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.microsoft.playwright.Route;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The operators' page costs the browser no more with many bins, nor the longer it is open. */
@Timeout(120)
class PageScaleTest extends InChromium {

  /** More than are in sight in a window of 900 px, and some beyond on either side. */
  private static final int MOST_ROWS = 60;

  /** A page of a list. */
  private static final int MOST_ENTRIES = 50;

  private static final int MOST_TIMERS = 12;

  private static final Pattern BINS = Pattern.compile("/bins$");

  /** Counts the timers that wait. */
  private static final String TIMERS =
      """
      (() => {
        const waiting = new Set();
        const {setTimeout, clearTimeout} = window;
        window.setTimeout = (work, ...rest) => {
          const id = setTimeout(() => { waiting.delete(id); work(); }, ...rest);
          waiting.add(id);
          return id;
        };
        window.clearTimeout = (id) => { waiting.delete(id); clearTimeout(id); };
        window.timers = () => waiting.size;
      })()""";

  /** Measures from the answer with the bins until a row is painted. */
  private static final String FIRST_PAINT =
      """
      (() => {
        new MutationObserver((_, observer) => {
          if (!document.querySelector("#bins-table tr[data-bin]")) return;
          observer.disconnect();
          requestAnimationFrame(() => setTimeout(() => {
            const answer = performance.getEntriesByType("resource").find((one) => /\\/bins$/.test(one.name));
            window.firstPaint = performance.now() - answer.responseEnd;
          }));
        }).observe(document, {childList: true, subtree: true});
      })()""";

  private static final String SORT =
      """
      async (column) => {
        const start = performance.now();
        document.querySelector(`[data-sort="${column}"]`).click();
        await new Promise((painted) => requestAnimationFrame(() => setTimeout(painted)));
        return Math.round(performance.now() - start);
      }""";

  private void start(int bins, int users) throws Exception {
    startApi();
    ManyBins.add(database(), bins, users);
    open(1200, 900);
    opened.visit().addInitScript(TIMERS);
    opened.visit().addInitScript(FIRST_PAINT);
    opened.goTo("");
    assertThat(page.locator("#bins-count")).containsText("bins");
  }

  /** Moves a user to another bin, and assigns a new one now and then. */
  private void play(int change, int bins) throws Exception {
    String user = "/kinds/hub/assignments/user-%07d/move".formatted(change % 500);
    String bin = "bin-" + (1 + (change % 500 + change / 500 + 1) % bins);
    assertThat(
            api.admin("POST", user, "{\"bin\": \"%s\", \"force\": true}".formatted(bin)).status())
        .isEqualTo(200);
    if (change % 50 == 0) {
      api.assign("hub", "new-" + change);
    }
  }

  private void assertBounded() {
    assertBoundedRows();
    assertThat(count("#changes li")).isEqualTo(MOST_ENTRIES);
    assertThat(count("#newest li")).isLessThanOrEqualTo(MOST_ENTRIES);
    assertThat((int) page.evaluate("() => timers()")).isLessThanOrEqualTo(MOST_TIMERS);
  }

  private void assertBoundedRows() {
    assertThat(count("#bins-table tbody tr")).isBetween(10, MOST_ROWS);
  }

  private int count(String selector) {
    return page.locator(selector).count();
  }

  @Test
  @DisplayName(
      "rows, lists, timers, listeners and nodes stay bounded while users move and new come")
  void bounded() throws Exception {
    start(2_000, 4_000);
    for (int change = 0; change < 60; change++) {
      play(change, 2_000);
    }
    waitUntilShown(59, 2_000);
    BrowserMetrics before = BrowserMetrics.of(page);
    for (int change = 60; change < 360; change++) {
      play(change, 2_000);
    }
    waitUntilShown(359, 2_000);
    assertBounded();
    page.locator("#bins-scroll").evaluate("one => { one.scrollTop = one.scrollHeight / 2; }");
    assertThat(opened.row("bin-1000")).isVisible();
    assertBounded();
    BrowserMetrics after = BrowserMetrics.of(page);
    assertThat(after.nodes()).isLessThan(before.nodes() * 3 / 2);
    assertThat(after.listeners()).isLessThan(before.listeners() * 3 / 2);
    assertThat(after.heap()).isLessThan(before.heap() + 3_000_000);
    assertThat(opened.complaints()).isEmpty();
  }

  @Test
  @DisplayName(
      "a row keeps the focus while it is scrolled out of sight, and the keys go on from it")
  void focusOutOfSight() throws Exception {
    start(2_000, 0);
    opened.row("bin-3").locator("a").focus();
    page.locator("#bins-scroll").evaluate("one => { one.scrollTop = one.scrollHeight / 2; }");
    assertThat(opened.row("bin-1000")).isVisible();
    assertThat(opened.row("bin-3").locator("a")).isFocused();
    assertThat(opened.row("bin-3")).not().isInViewport();
    scrollToEnd();
    assertThat(opened.row("bin-2000")).isInViewport();
    page.keyboard().press("ArrowDown");
    assertThat(opened.row("bin-4").locator("a")).isFocused();
    assertThat(opened.row("bin-4")).isInViewport();
    assertBoundedRows();
  }

  @Test
  @DisplayName(
      "a shorter table is seen wherever the longer one was, and another filter from its top")
  void shorter() throws Exception {
    start(300, 0);
    scrollToEnd();
    assertThat(opened.row("bin-300")).isInViewport();
    page.route(BINS, PageScaleTest::answerFive);
    assertThat(page.locator("#bins-count")).hasText("5 bins");
    assertThat(opened.rows()).hasCount(5);
    assertThat(opened.rows().first()).isInViewport();
    page.unroute(BINS);
    assertThat(page.locator("#bins-count")).hasText("302 bins");
    scrollToEnd();
    assertThat(opened.row("bin-300")).isInViewport();
    page.locator("[data-fact='bins'] a").click();
    assertThat(opened.row("bin-1")).isInViewport();
  }

  private void scrollToEnd() {
    page.locator("#bins-scroll").evaluate("one => { one.scrollTop = one.scrollHeight; }");
  }

  private static void answerFive(Route route) {
    JsonObject answer = JsonParser.parseString(route.fetch().text()).getAsJsonObject();
    JsonArray bins = answer.getAsJsonArray("bins");
    while (bins.size() > 5) {
      bins.remove(5);
    }
    route.fulfill(
        new Route.FulfillOptions().setContentType("application/json").setBody(answer.toString()));
  }

  private void waitUntilShown(int change, int bins) {
    String bin = "bin-" + (1 + (change % 500 + change / 500 + 1) % bins);
    assertThat(page.locator("#changes li").first())
        .containsText("user-%07d moved".formatted(change % 500));
    assertThat(page.locator("#changes li").first()).containsText(bin);
  }

  @Test
  @Tag("slow")
  @Timeout(1_500)
  @DisplayName(
      "10,000 bins and 1,000,000 users: painted within 1 s, sorted within 200 ms, a flat heap for 3,000 changes")
  void scale() throws Exception {
    int bins = 10_000;
    start(bins, 1_000_000);
    page.waitForFunction("() => window.firstPaint > 0");
    double firstPaint = ((Number) page.evaluate("() => window.firstPaint")).doubleValue();
    List<Integer> sorts = new ArrayList<>();
    for (String column : List.of("load", "load", "room", "state", "share", "name", "name")) {
      sorts.add((int) page.evaluate(SORT, column));
    }
    System.out.printf("first paint %.0f ms after the answer; sorting %s ms%n", firstPaint, sorts);
    List<BrowserMetrics> minutes = playForMinutes(bins);
    assertThat(firstPaint).isLessThan(1_000);
    assertThat(sorts).allMatch(millis -> millis < 200);
    long first = minutes.get(1).heap();
    assertThat(minutes.get(minutes.size() - 1).heap()).isLessThan(first + first / 10 + 2_000_000);
    assertBounded();
    assertThat(opened.complaints()).isEmpty();
  }

  /** Plays 300 changes a minute for ten minutes, and measures after each. */
  private List<BrowserMetrics> playForMinutes(int bins) throws Exception {
    List<BrowserMetrics> minutes = new ArrayList<>();
    Instant start = Instant.now();
    for (int change = 0; change < 3_000; change++) {
      Instant due = start.plus(Duration.ofMillis(200L * change));
      LockSupport.parkNanos(Math.max(0, Duration.between(Instant.now(), due).toNanos()));
      play(change, bins);
      if (change % 300 == 299) {
        minutes.add(BrowserMetrics.of(page));
        System.out.printf("after %d changes: %s%n", change + 1, minutes.get(minutes.size() - 1));
      }
    }
    return minutes;
  }
}
