package dev.sharder.examples.hub.page;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Download;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.AriaRole;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("What the operators' page shows")
@Timeout(120)
class PageOverviewTest extends OnThreeHubs {

  /** What the page asks for again and again, unlike its first request. */
  private static final Pattern POLLS = Pattern.compile("/newest\\?after=.*limit=50");

  @Test
  @DisplayName("the first row has the totals, and the counts of bins lead to them")
  void glance() throws Exception {
    api.admin("PATCH", "/kinds/hub/bins/hub-1", "{\"capacity\": 2}");
    api.admin("PATCH", "/kinds/hub/bins/hub-3", "{\"state\": \"cordoned\"}");
    opened.assignMany(7);
    opened.hurry();
    assertThat(fact("users")).containsText("7");
    assertThat(fact("bins")).hasText("Bins2 open1 full1 cordoned");
    assertThat(fact("spread").locator(".value")).hasText("3");
    assertThat(fact("room")).hasText("Room left0in 1 of 2 open bins");
    assertThat(fact("new")).containsText("7 in the last hour");
    assertThat(fact("new").getByRole(AriaRole.IMG))
        .hasAttribute("aria-label", Pattern.compile("7 in the last hour, 7 at most in a minute"));
    assertThat(fact("health")).containsText("Database worksReplica noneWatcher works");
    fact("bins").getByText("1 cordoned").click();
    assertThat(opened.rows()).hasCount(1);
    assertThat(opened.row("hub-3")).containsText("cordoned");
    assertThat(page).hasURL(Pattern.compile("state=cordoned"));
    assertNoComplaints();
  }

  private Locator fact(String name) {
    return page.locator("[data-fact='" + name + "']");
  }

  @Test
  @DisplayName("a banner says in words why new users cannot be placed, until they can be")
  void banner() throws Exception {
    Locator banner = page.locator("#banner");
    assertThat(banner).isHidden();
    api.admin("PATCH", "/kinds/hub/bins/hub-1", "{\"capacity\": 0}");
    for (String bin : List.of("hub-2", "hub-3")) {
      api.admin("PATCH", "/kinds/hub/bins/" + bin, "{\"state\": \"cordoned\"}");
    }
    opened.hurry();
    assertThat(banner)
        .hasText(
            "New users cannot be placed: hub-1 is full (0 of 0), hub-2 is cordoned, hub-3 is"
                + " cordoned. Users who have a bin keep it.");
    api.admin("PATCH", "/kinds/hub/bins/hub-2", "{\"state\": \"open\"}");
    opened.hurry();
    assertThat(banner).isHidden();
    assertNoComplaints();
  }

  @Test
  @DisplayName("find suggests names by prefix and opens the user's card with their history")
  void find() throws Exception {
    opened.assignMany(30);
    api.assign("hub", "ada");
    api.admin(
        "POST", "/kinds/hub/assignments/ada/move", "{\"bin\": \"hub-2\", \"reason\": \"lab\"}");
    page.keyboard().press("/");
    assertThat(page.locator("#find")).isFocused();
    page.keyboard().type("User-001");
    assertThat(page.locator("#find-names li")).hasCount(10);
    assertThat(page.locator("#find-names li").first()).hasText("user-0010hub-2");
    opened.find("ada");
    assertThat(page.locator("#home")).hasText("hub-2");
    assertThat(page.locator("#user-title")).isFocused();
    assertThat(page).hasURL(Pattern.compile("user=ada"));
    assertThat(page.locator("#history li")).hasCount(2);
    assertThat(page.locator("#history")).containsText("moved hub-1 → hub-2");
    assertThat(page.locator("#history")).containsText("by ada: lab");
    opened.find("bob");
    assertThat(page.locator("#user")).containsText("New: would go to hub-");
    page.getByText("Why no other bin").click();
    assertThat(page.locator(".reasons li")).hasCount(2);
    page.goBack();
    assertThat(page.locator("#user-title")).hasText("ada");
    assertNoComplaints();
  }

  @Test
  @DisplayName("a user is found whatever the case of the name, unless one has exactly that name")
  void findLowercase() throws Exception {
    api.assign("hub", "ada");
    api.assign("hub", "Bob");
    page.locator("#find").fill("Ada");
    page.keyboard().press("Enter");
    assertThat(page.locator("#user-title")).hasText("ada");
    opened.find("Bob");
    assertThat(page.locator("#home")).hasText("hub-2");
    assertNoComplaints();
  }

  @Test
  @DisplayName("the table sorts and filters, and its URL shows the same to a colleague")
  void sortAndFilter() throws Exception {
    api.admin("PUT", "/kinds/hub/bins/hub-10", "{\"labels\": {\"region\": \"eu\"}}");
    api.admin("PUT", "/kinds/hub/bins/gpu-1", "{\"labels\": {\"region\": \"us\"}}");
    api.admin("PATCH", "/kinds/hub/bins/hub-2", "{\"offset\": 9}");
    assertThat(opened.rows()).hasCount(5);
    assertShown("gpu-1", "hub-1", "hub-2", "hub-3", "hub-10");
    page.locator("[data-sort='load']").click();
    page.locator("[data-sort='load']").click();
    assertThat(page.locator("th.load")).hasAttribute("aria-sort", "descending");
    assertThat(page.locator("[data-sort='load']")).isFocused();
    assertShown("hub-2", "gpu-1", "hub-1", "hub-3", "hub-10");
    page.locator("#filter-text").fill("HUB");
    assertShown("hub-2", "hub-1", "hub-3", "hub-10");
    assertThat(page.locator("#bins-count")).hasText("4 of 5 bins");
    String url = page.url();
    assertThat(url).contains("sort=-load").contains("text=HUB");
    page.locator("#filter-label").selectOption("region=eu");
    assertShown("hub-10");
    page.locator("#filter-state").selectOption("draining");
    assertThat(page.getByText("No bin matches the filter.")).isVisible();
    page.navigate(url);
    assertShown("hub-2", "hub-1", "hub-3", "hub-10");
    assertThat(page.locator("#filter-text")).hasValue("HUB");
    opened.button("Clear").click();
    assertShown("hub-2", "gpu-1", "hub-1", "hub-3", "hub-10");
    assertNoComplaints();
  }

  private void assertShown(String... bins) {
    assertThat(page.locator("#bins-table tbody .name a")).hasText(bins);
  }

  @Test
  @DisplayName("a bar is against the capacity, or else against the mean, with a mark")
  void bars() throws Exception {
    api.admin("PATCH", "/kinds/hub/bins/hub-1", "{\"capacity\": 20}");
    opened.assignMany(57);
    assertThat(opened.bar("hub-1")).hasAttribute("aria-valuetext", "19 of 20");
    assertThat(opened.bar("hub-1")).not().hasClass(Pattern.compile("mean"));
    assertThat(opened.bar("hub-1").locator(".fill")).hasClass("fill high");
    assertThat(opened.bar("hub-2")).hasAttribute("aria-valuetext", "19, the mean is 19");
    assertThat(opened.bar("hub-2")).hasClass(Pattern.compile("mean"));
    assertThat(
            (String) opened.bar("hub-2").locator(".fill").evaluate("one => one.style.inlineSize"))
        .isEqualTo("50%");
    assertNoComplaints();
  }

  @Test
  @DisplayName("another kind leaves no view of a bin and no question of the kind before")
  void otherKind() throws Exception {
    api.addBins("tenant", "tenant-1");
    opened.signIn();
    opened.openBin("hub-1");
    page.locator("#kind").selectOption("tenant");
    assertThat(opened.row("tenant-1")).isVisible();
    assertThat(page.locator("#bin")).isHidden();
    opened.openBin("tenant-1");
    opened.action("Cordon").click();
    assertThat(opened.dialog()).isVisible();
    page.goBack();
    page.goBack();
    assertThat(opened.row("hub-1")).isVisible();
    assertThat(page.locator("#ask")).isHidden();
    assertThat(page.locator("#kind")).hasValue("hub");
    assertNoComplaints();
  }

  @Test
  @DisplayName("a bin's own view has its users by pages and prefix, and new ones as they come")
  void usersOfABin() throws Exception {
    opened.assignMany(300);
    opened.openBin("hub-2");
    Locator users = page.locator("#bin-users tbody tr");
    assertThat(users).hasCount(50);
    assertThat(users.first()).containsText("user-0001");
    page.locator("#bin-users").getByText("Next").click();
    assertThat(users.first()).containsText("user-0151");
    page.locator("#bin-users").getByText("Previous").click();
    assertThat(users.first()).containsText("user-0001");
    assertThat(api.assign("hub", "ada")).isEqualTo("hub-1");
    assertThat(api.assign("hub", "bob")).isEqualTo("hub-2");
    assertThat(users.first()).containsText("bob");
    page.locator("#bin-users input").fill("user-00");
    page.keyboard().press("Enter");
    assertThat(users).hasCount(33);
    page.locator("#bin-users").getByText("user-0004").click();
    assertThat(page.locator("#home")).hasText("hub-2");
    assertThat(page).hasURL(Pattern.compile("bin=hub-2&user=user-0004"));
    assertNoComplaints();
  }

  @Test
  @DisplayName("changes are filtered by bin and actor, paged, and wait while they are paused")
  void changes() throws Exception {
    api.assign("hub", "ada");
    for (int i = 0; i < 60; i++) {
      String bin = "hub-" + (1 + (i + 1) % 3);
      api.admin("POST", "/kinds/hub/assignments/ada/move", "{\"bin\": \"%s\"}".formatted(bin));
    }
    api.admin("PATCH", "/kinds/hub/bins/hub-3", "{\"state\": \"cordoned\"}");
    Locator entries = page.locator("#changes li");
    assertThat(entries.first()).containsText("cordoned hub-3");
    assertThat(entries).hasCount(50);
    assertThat(page.locator("#changes .feed h3")).hasText("Today");
    assertThat(entries.first().locator("time")).hasAttribute("title", Pattern.compile("2\\d{3}"));
    page.locator("#changes").getByText("Older").click();
    assertThat(page.locator("#changes .title .hint")).hasText("older");
    assertThat(entries.last()).containsText("hub-");
    page.locator("#changes").getByText("Newest").click();
    assertThat(page.locator("#changes .title .hint")).hasText("");
    page.locator("#changes").getByText("Pause").click();
    page.mouse().move(0, 0);
    api.admin("PATCH", "/kinds/hub/bins/hub-2", "{\"state\": \"cordoned\"}");
    assertThat(page.locator("#changes .title .hint")).hasText("1 new");
    assertThat(entries.first()).not().containsText("cordoned hub-2");
    page.locator("#changes").getByText("Resume").click();
    assertThat(entries.first()).containsText("cordoned hub-2");
    page.locator("#changes [name='actor']").fill("no one");
    page.keyboard().press("Enter");
    assertThat(page.locator("#changes")).containsText("Nothing yet.");
    page.locator("#changes [name='actor']").fill("ada");
    page.locator("#changes [name='bin']").fill("hub-2");
    page.keyboard().press("Enter");
    assertThat(entries).hasCount(41);
    assertNoComplaints();
  }

  @Test
  @DisplayName("an assignment that is made while the page opens is listed")
  void whileOpening() throws Exception {
    Route first = hold(Pattern.compile("/newest\\?after=0&limit=1$"), page::reload);
    api.assign("hub", "ada");
    first.resume();
    assertThat(page.locator("#newest li")).hasCount(1);
    assertNoComplaints();
  }

  /**
   * Holds such requests back, and returns the first one that comes after the page does something.
   */
  private Route hold(Pattern requests, Runnable work) {
    List<Route> held = new ArrayList<>();
    page.route(requests, held::add);
    work.run();
    page.waitForCondition(() -> !held.isEmpty());
    return held.get(0);
  }

  @Test
  @DisplayName("an assignment that two answers have is listed once")
  void listedOnce() throws Exception {
    Route poll = hold(POLLS, () -> {});
    api.assign("hub", "ada");
    page.locator("#newest").getByText("Pause").click();
    page.locator("#newest").getByText("Resume").click();
    assertThat(page.locator("#newest li")).hasCount(1);
    page.unroute(POLLS);
    api.assign("hub", "bob");
    poll.resume();
    assertThat(page.locator("#newest li").first()).containsText("bob");
    assertThat(page.locator("#newest li")).hasCount(2);
    assertNoComplaints();
  }

  @Test
  @DisplayName(
      "an assignment that was shown is not new on an older page, if another answer has it too")
  void knownOnOlderPage() throws Exception {
    Route poll = hold(POLLS, () -> {});
    for (int i = 0; i < 60; i++) {
      api.assign("hub", "user-" + i);
    }
    Locator list = page.locator("#newest");
    list.getByText("Pause").click();
    list.getByText("Resume").click();
    assertThat(list.locator("li")).hasCount(50);
    list.getByText("Older").click();
    assertThat(list.locator("li")).hasCount(10);
    page.unroute(POLLS);
    api.assign("hub", "bob");
    poll.resume();
    assertThat(list.locator(".title .hint")).hasText("1 new");
    assertNoComplaints();
  }

  @Test
  @DisplayName("what is shown is saved as CSV and JSON, and no name becomes a formula")
  void export() throws Exception {
    String labels = "{\"labels\": {\"region\": \"eu\", \"gpu\": \"a100\"}}";
    assertThat(api.admin("PUT", "/kinds/hub/bins/=1+1", labels).status()).isEqualTo(201);
    assertThat(opened.rows()).hasCount(4);
    page.locator("#filter-text").fill("1");
    page.getByText("More", new Page.GetByTextOptions().setExact(true)).click();
    Download csv = page.waitForDownload(() -> opened.button("Export bins as CSV").click());
    List<String> lines = Files.readAllLines(csv.path());
    assertThat(csv.suggestedFilename()).isEqualTo("bins.csv");
    assertThat(lines)
        .containsExactly(
            """
            "bin","weight","offset","capacity","state","labels","assigned","load","share","refusal"
            "'=1+1",1,0,,"open","{""gpu"":""a100"",""region"":""eu""}",0,0,0,
            "hub-1",1,0,,"open","{}",0,0,0,
            """
                .split("\n"));
    page.getByText("More", new Page.GetByTextOptions().setExact(true)).click();
    Download json = page.waitForDownload(() -> opened.button("Export bins as JSON").click());
    assertThat(Files.readString(json.path())).contains("\"bin\": \"=1+1\"");
    api.assign("hub", "%EF%BC%9D1");
    assertThat(page.locator("#newest li")).hasCount(1);
    Download newest =
        page.waitForDownload(() -> opened.button("Export newest assignments as CSV").click());
    assertThat(Files.readString(newest.path())).contains("\"'＝1\"");
    assertNoComplaints();
  }
}
