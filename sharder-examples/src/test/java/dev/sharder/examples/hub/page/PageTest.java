package dev.sharder.examples.hub.page;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Download;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.AriaRole;
import com.sun.net.httpserver.HttpServer;
import dev.sharder.examples.hub.api.RunningApi;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The operators' page does its job in a real Chromium, with three hubs. */
@Timeout(120)
class PageTest extends InChromium {

  @BeforeEach
  void start() throws Exception {
    startApi("hub-3");
    open(1200, 900);
  }

  private void assertNoComplaints() {
    assertThat(opened.complaints()).isEmpty();
  }

  @Test
  @DisplayName("the holder of the token signs in and stays so in this tab until they sign out")
  void signsIn() {
    opened.signIn();
    page.reload();
    assertThat(opened.button("Sign out")).isVisible();
    opened.button("Sign out").click();
    assertThat(opened.button("Sign in")).isVisible();
    page.reload();
    assertThat(opened.button("Sign in")).isVisible();
    assertThat(opened.visit().cookies()).isEmpty();
    assertThat((String) page.evaluate("() => JSON.stringify(localStorage)")).isEqualTo("{}");
    assertNoComplaints();
  }

  @Test
  @DisplayName("a wrong token is reported and changes nothing")
  void wrongToken() throws Exception {
    opened.openBin("hub-1");
    opened.action("Cordon").click();
    opened.dialog().getByLabel("Token").fill("0123456789abcdefghijABCDEFGHIJ-wrong");
    opened.dialogButton("Sign in").click();
    assertThat(page.locator("#ask-problem"))
        .hasText("the token is not one of the configured tokens; use one of them");
    opened.dialogButton("Cancel").click();
    assertThat(opened.button("Sign in")).isVisible();
    assertThat(api.get("/kinds/hub/bins/hub-1").json().path("state").asText()).isEqualTo("open");
    assertThat(opened.complaints()).singleElement().asString().contains("401");
  }

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
  @DisplayName("a move says first what it does and does not do, and the card follows every move")
  void move() throws Exception {
    opened.signIn();
    api.assign("hub", "ada");
    opened.find("ada");
    assertThat(page.locator("#home")).hasText("hub-1");
    page.locator("#to").fill("hub-3");
    opened.button("Move").click();
    assertThat(opened.dialog())
        .containsText("Does: from now on ada is sent to hub-3 instead of hub-1.");
    assertThat(opened.dialog()).containsText("Does not: touch a running server or any files.");
    opened.dialog().getByLabel("Reason").fill("new disks");
    opened.dialogButton("Move").click();
    assertThat(page.locator("#home")).hasText("hub-3");
    assertThat(page.locator("#history")).containsText("by ada: new disks");
    api.admin("POST", "/kinds/hub/assignments/ada/move", "{\"bin\": \"hub-2\"}");
    assertThat(page.locator("#home")).hasText("hub-2");
    assertThat(page.locator("#history li")).hasCount(3);
    assertThat(page.locator("#changes li").first()).containsText("ada moved hub-3 → hub-2");
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
    assertThat(bar("hub-1")).hasAttribute("aria-valuetext", "19 of 20");
    assertThat(bar("hub-1")).not().hasClass(Pattern.compile("mean"));
    assertThat(bar("hub-1").locator(".fill")).hasClass("fill high");
    assertThat(bar("hub-2")).hasAttribute("aria-valuetext", "19, the mean is 19");
    assertThat(bar("hub-2")).hasClass(Pattern.compile("mean"));
    assertThat((String) bar("hub-2").locator(".fill").evaluate("one => one.style.inlineSize"))
        .isEqualTo("50%");
    assertNoComplaints();
  }

  private Locator bar(String bin) {
    return opened.row(bin).getByRole(AriaRole.METER);
  }

  @Test
  @DisplayName("a cordoned bin is seen to take no new users until it is opened again")
  void cordonAndOpen() throws Exception {
    opened.signIn();
    opened.openBin("hub-1");
    opened.action("Cordon").click();
    assertThat(opened.dialog()).containsText("It takes no new users. 0 users stay where they are.");
    opened.dialogButton("Cordon").click();
    assertThat(page.locator("#bin-state")).hasText("cordoned");
    assertThat(page.locator("#bin-changes li").first()).containsText("cordoned hub-1");
    assertThat(page.locator("#changes li").first()).containsText("by ada: on the page");
    for (int i = 0; i < 6; i++) {
      assertThat(api.assign("hub", "new-" + i)).isNotEqualTo("hub-1");
    }
    assertThat(page.locator("#newest li").first()).containsText("new-5 → hub-3");
    opened.action("Open").click();
    opened.dialogButton("Open").click();
    assertThat(opened.action("Cordon")).isVisible();
    assertThat(api.assign("hub", "latest")).isEqualTo("hub-1");
    opened.backToBins();
    assertThat(bar("hub-1")).hasAttribute("aria-valuenow", "1");
    assertThat(opened.row("hub-3")).containsText("42.9 %");
    assertNoComplaints();
  }

  @Test
  @DisplayName("a bin is added, changed and retired")
  void addChangeRetire() throws Exception {
    opened.signIn();
    opened.button("Add bin").click();
    opened.dialog().getByLabel("Name").fill("hub-4");
    opened.dialog().getByLabel("Weight").fill("2");
    opened.dialog().getByLabel("Labels").fill("region=eu\ngpu=a100");
    opened.dialogButton("Add").click();
    assertThat(page.locator("#bin-title")).hasText("hub-4");
    assertThat(page.locator(".label-chip")).hasText(new String[] {"gpu=a100", "region=eu"});
    opened.action("Change").click();
    opened.dialog().getByLabel("Capacity").fill("40");
    opened.dialog().getByLabel("Labels").fill("region=us");
    opened.dialogButton("Change").click();
    assertThat(page.locator("#bin-facts")).containsText("Capacity40");
    assertThat(page.locator(".label-chip")).hasText(new String[] {"region=us"});
    opened.action("Retire").click();
    opened.dialogButton("Retire").click();
    assertThat(page.locator("#bin-state")).hasText("retired");
    api.assign("hub", "ada");
    opened.backToBins();
    opened.openBin("hub-1");
    assertThat(opened.action("Drain")).isVisible();
    opened.action("Retire").click();
    assertThat(opened.dialog()).containsText("1 user must leave first: drain it");
    assertThat(opened.dialogButton("Retire")).isHidden();
    opened.dialogButton("Close").click();
    opened.backToBins();
    opened.button("Add bin").click();
    opened.dialog().getByLabel("Name").fill("hub-1");
    opened.dialogButton("Add").click();
    assertThat(page.locator("#ask-problem")).containsText("the bin 'hub-1' exists already");
    assertThat(opened.complaints()).singleElement().asString().contains("412");
  }

  @Test
  @DisplayName("a bin is drained in pieces after its plan was seen, with progress")
  void drain() throws Exception {
    opened.signIn();
    opened.assignMany(1_500);
    opened.openBin("hub-1");
    assertThat(page.locator("#bin-users tbody tr")).hasCount(50);
    opened.action("Drain").click();
    assertThat(opened.dialog()).containsText("500 moves. From now on it takes no new users.");
    assertThat(page.locator("#plan tbody tr")).hasCount(3);
    assertThat(page.locator("#plan tr[data-bin='hub-1'] .after")).hasText("0");
    assertThat(page.locator("#plan tr[data-bin='hub-2']")).containsText("500after 750");
    assertThat(page.locator("#ask-progress")).isHidden();
    assertThat(api.loads("hub")).containsEntry("hub-1", 500L);
    List<String> seen = opened.recordProgress();
    opened.dialogButton("Drain").click();
    assertThat(page.locator("#ask-done")).hasText("500 moves made.");
    assertThat(seen).contains("200 of 500 moved", "400 of 500 moved");
    opened.dialogButton("Close").click();
    assertThat(page.locator("#bin-state")).hasText("draining");
    assertThat(opened.action("Drain")).hasCount(0);
    assertThat(page.locator("#bin-users tbody tr")).hasCount(0);
    assertThat(api.loads("hub")).isEqualTo(Map.of("hub-1", 0L, "hub-2", 750L, "hub-3", 750L));
    assertNoComplaints();
  }

  @Test
  @DisplayName("a drain that is stopped says so, leaves the others, and can be continued")
  void stopDrain() throws Exception {
    opened.signIn();
    opened.assignMany(1_500);
    opened.openBin("hub-1");
    opened.action("Drain").click();
    page.evaluate(
        """
        () => new MutationObserver((_, observer) => {
          if (document.getElementById("ask-done").textContent.startsWith("200 of")) {
            observer.disconnect();
            document.getElementById("ask-cancel").click();
          }
        }).observe(document.getElementById("ask-done"), {childList: true})""");
    opened.dialogButton("Drain").click();
    assertThat(page.locator("#ask-done")).hasText("Stopped. 400 moves made, 100 not.");
    assertThat(api.loads("hub")).containsEntry("hub-1", 100L);
    opened.dialogButton("Close").click();
    opened.action("Drain").click();
    assertThat(opened.dialog()).containsText("100 moves.");
    opened.dialogButton("Drain").click();
    assertThat(page.locator("#ask-done")).hasText("100 moves made.");
    assertNoComplaints();
  }

  @Test
  @DisplayName("Escape stops a drain after the part that runs, and keeps its report")
  void escapeStopsDrain() throws Exception {
    opened.signIn();
    opened.assignMany(900);
    opened.openBin("hub-1");
    opened.action("Drain").click();
    List<Route> held = new ArrayList<>();
    page.route("**/plans/apply", held::add);
    opened.dialogButton("Drain").click();
    page.waitForCondition(() -> !held.isEmpty());
    page.keyboard().press("Escape");
    assertThat(page.locator("#ask-done")).hasText("Stopping after the part that runs…");
    held.get(0).resume();
    assertThat(page.locator("#ask-done")).hasText("Stopped. 200 moves made, 100 not.");
    assertNoComplaints();
  }

  @Test
  @DisplayName("a rebalance keeps its limits, and moves nothing before its plan was seen")
  void rebalance() throws Exception {
    opened.signIn();
    opened.assignMany(30);
    api.addBins("hub", "hub-4");
    opened.planRebalance(4);
    assertThat(opened.dialog()).containsText("4 moves.");
    assertThat(page.locator("#plan tr[data-bin='hub-4']")).containsText("after 4+4");
    assertThat(api.loads("hub")).containsEntry("hub-4", 0L);
    opened.dialogButton("Rebalance").click();
    assertThat(page.locator("#ask-done")).hasText("4 moves made.");
    assertThat(api.loads("hub")).containsEntry("hub-4", 4L);
    opened.dialogButton("Close").click();
    opened.button("Rebalance").click();
    opened.dialog().getByLabel("Only if the fullest").fill("100");
    opened.dialogButton("Plan").click();
    assertThat(opened.dialog()).containsText("Nothing to move");
    assertNoComplaints();
  }

  @Test
  @DisplayName("a plan that would move users from another bin than agreed is shown first")
  void otherSource() throws Exception {
    opened.signIn();
    opened.assignMany(30);
    api.addBins("hub", "hub-4");
    move("hub-2", 0, 3, 6);
    opened.planRebalance(1);
    assertThat(page.locator("#plan tbody tr th")).hasText(new String[] {"hub-2", "hub-4"});
    move("hub-3", 1, 4, 7, 10);
    opened.dialogButton("Rebalance").click();
    assertThat(page.locator("#ask-problem")).containsText("Something changed meanwhile.");
    assertThat(page.locator("#plan tbody tr th")).hasText(new String[] {"hub-3", "hub-4"});
    assertThat(api.loads("hub")).containsEntry("hub-4", 0L);
    opened.dialogButton("Rebalance").click();
    assertThat(page.locator("#ask-done")).hasText("1 move made.");
    assertThat(api.loads("hub")).containsEntry("hub-3", 13L).containsEntry("hub-4", 1L);
    assertThat(opened.complaints()).allMatch(complaint -> complaint.contains("409"));
  }

  private void move(String bin, int... users) throws Exception {
    for (int user : users) {
      String path = "/kinds/hub/assignments/user-%04d/move".formatted(user);
      String body = "{\"bin\": \"%s\"}".formatted(bin);
      assertThat(api.admin("POST", path, body).status()).isEqualTo(200);
    }
  }

  @Test
  @DisplayName("a rebalance whose plan is shown again moves no more than the limit in all")
  void limitInAll() throws Exception {
    opened.signIn();
    opened.assignMany(1_500);
    api.addBins("hub", "hub-4");
    opened.planRebalance(300);
    AtomicInteger pieces = new AtomicInteger();
    page.route(
        "**/plans/apply",
        route -> {
          if (pieces.incrementAndGet() == 2) {
            replaceBin("hub-4", "hub-5");
          }
          route.resume();
        });
    opened.dialogButton("Rebalance").click();
    assertThat(page.locator("#ask-problem")).containsText("Something changed meanwhile.");
    assertThat(opened.dialog()).containsText("100 moves.");
    opened.dialogButton("Rebalance").click();
    assertThat(page.locator("#ask-done")).hasText("300 moves made.");
    assertThat(api.loads("hub")).containsEntry("hub-4", 200L).containsEntry("hub-5", 100L);
    assertThat(opened.complaints()).allMatch(complaint -> complaint.contains("409"));
  }

  private void replaceBin(String old, String added) {
    try {
      api.admin("PATCH", "/kinds/hub/bins/" + old, "{\"state\": \"cordoned\"}");
      api.addBins("hub", added);
    } catch (Exception failure) {
      throw new IllegalStateException(failure);
    }
  }

  @Test
  @DisplayName("a rebalance among the bins shown is not offered if none of them is open")
  void noneOpen() throws Exception {
    api.admin("PATCH", "/kinds/hub/bins/hub-3", "{\"state\": \"cordoned\"}");
    opened.signIn();
    page.locator("#filter-text").fill("hub-3");
    assertThat(opened.row("hub-3")).containsText("cordoned");
    opened.button("Rebalance").click();
    assertThat(opened.dialog()).containsText("None of the bins shown is open");
    assertThat(opened.dialog().getByRole(AriaRole.CHECKBOX)).hasCount(0);
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
  @DisplayName("users who could not be moved are named with the reason")
  void skipped() throws Exception {
    opened.signIn();
    opened.assignMany(6);
    page.route(
        "**/plans/apply",
        route ->
            route.fulfill(
                new Route.FulfillOptions()
                    .setContentType("application/json")
                    .setBody(
                        """
                        {"moved": 0, "skipped": 2, "left": 0, "plan": {"revision": 1, "flows": []},
                         "refused": [{"object": "user-0000", "detail": "it was moved meanwhile"}]}""")));
    opened.openBin("hub-1");
    opened.action("Drain").click();
    opened.dialogButton("Drain").click();
    assertThat(page.locator("#ask-done"))
        .containsText("2 skipped; 1 of them because fewer users may move than were planned:");
    assertThat(page.locator(".refused li")).hasText("user-0000: it was moved meanwhile");
    assertNoComplaints();
  }

  @Test
  @DisplayName("the bins that the filter shows are cordoned and opened at once")
  void several() throws Exception {
    api.addBins("hub", "gpu-1", "gpu-2");
    opened.signIn();
    page.locator("#filter-text").fill("gpu");
    assertThat(opened.rows()).hasCount(2);
    page.getByText("More", new Page.GetByTextOptions().setExact(true)).click();
    opened.button("Cordon the bins shown").click();
    assertThat(page.locator("#ask-title")).hasText("Cordon 2 bins");
    assertThat(opened.dialog()).containsText("gpu-1, gpu-2");
    opened.dialogButton("Cordon").click();
    assertThat(page.locator("#ask-done")).hasText("2 bins changed.");
    opened.dialogButton("Close").click();
    assertThat(opened.row("gpu-2")).containsText("cordoned");
    assertThat(api.get("/kinds/hub/bins/hub-1").json().path("state").asText()).isEqualTo("open");
    page.getByText("More", new Page.GetByTextOptions().setExact(true)).click();
    opened.button("Open the bins shown").click();
    opened.dialogButton("Open").click();
    assertThat(page.locator("#ask-done")).hasText("2 bins changed.");
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
  @DisplayName("an assignment that two answers have is listed once")
  void listedOnce() throws Exception {
    List<Route> held = new ArrayList<>();
    Pattern polls = Pattern.compile("/newest\\?after=");
    page.route(polls, held::add);
    page.waitForCondition(() -> !held.isEmpty());
    api.assign("hub", "ada");
    page.locator("#newest").getByText("Pause").click();
    page.locator("#newest").getByText("Resume").click();
    assertThat(page.locator("#newest li")).hasCount(1);
    page.unroute(polls);
    held.get(0).resume();
    api.assign("hub", "bob");
    assertThat(page.locator("#newest li").first()).containsText("bob");
    assertThat(page.locator("#newest li")).hasCount(2);
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

  @Test
  @DisplayName("a page of another origin neither acts nor reads")
  void otherOrigin() throws Exception {
    HttpServer elsewhere =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    elsewhere.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    elsewhere.start();
    try {
      opened.signIn();
      Page other = opened.visit().newPage();
      other.navigate("http://127.0.0.1:" + elsewhere.getAddress().getPort() + "/");
      assertThat(sent(other, "PATCH", "/bins/hub-1", "{state: 'cordoned'}")).isEqualTo("refused");
      assertThat(sent(other, "PUT", "/assignments/mallory", null)).isEqualTo("refused");
      assertThat(sent(other, "GET", "/bins", null)).isEqualTo("refused");
      // A simple request goes out without being asked for; the answer stays unread.
      assertThat(sentBlindly(other, "/assignments", "{\"objects\": [\"mallory\"]}"))
          .isEqualTo("opaque");
      assertThat(sentBlindly(other, "/assignments/ada/move", "{\"bin\": \"hub-1\"}"))
          .isEqualTo("opaque");
    } finally {
      elsewhere.stop(0);
    }
    assertThat(api.get("/kinds/hub/bins/hub-1").json().path("state").asText()).isEqualTo("open");
    assertThat(api.loads("hub")).isEqualTo(Map.of("hub-1", 0L, "hub-2", 0L, "hub-3", 0L));
    assertNoComplaints();
  }

  private Object sent(Page other, String method, String path, String body) {
    return other.evaluate(
        """
        ([url, method, body, token]) => fetch(url, {method, body: body ?? undefined,
            headers: method === "GET" ? {} : {Authorization: `Bearer ${token}`}})
          .then((answer) => answer.type, () => "refused")""",
        new Object[] {url(path), method, body, RunningApi.TOKEN});
  }

  private Object sentBlindly(Page other, String path, String body) {
    return other.evaluate(
        """
        ([url, body]) => fetch(url, {method: "POST", mode: "no-cors", credentials: "include", body})
          .then((answer) => answer.type, () => "refused")""",
        List.of(url(path), body));
  }

  private String url(String path) {
    return "http://127.0.0.1:" + api.hub().port() + "/api/v1/kinds/hub" + path;
  }
}
