package dev.sharder.examples.hub.page;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Route;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The operators' page claims nothing that the server has not said, and recovers by itself. */
@Timeout(120)
class PageOutageTest extends InChromium {

  private static final Pattern ALL = Pattern.compile("/api/v1/");

  @BeforeEach
  void start() throws Exception {
    startApi("hub-3");
    open(1200, 900);
  }

  private static void answerHtml(Route route, int status) {
    route.fulfill(
        new Route.FulfillOptions()
            .setStatus(status)
            .setContentType("text/html")
            .setBody("<h1>Log in</h1>"));
  }

  private Locator health() {
    return page.locator("[data-fact='health']");
  }

  @Test
  @DisplayName("a part of a plan whose answer is lost counts neither as moved nor as not moved")
  void lostPart() throws Exception {
    opened.signIn();
    opened.assignMany(30);
    api.addBins("hub", "hub-4");
    opened.planRebalance(3);
    page.route(
        "**/plans/apply",
        route -> {
          route.fetch();
          route.abort();
        });
    opened.dialogButton("Rebalance").click();
    Locator done = page.locator("#ask-done");
    assertThat(done).containsText("Stopped. 0 moves made.");
    assertThat(done).containsText("3 moves may also have been made");
    assertThat(opened.dialogButton("Rebalance")).isHidden();
    assertThat(api.loads("hub")).containsEntry("hub-4", 3L);
  }

  @Test
  @DisplayName("the page of a proxy to log in is no success, nor is being sent there")
  void login() throws Exception {
    opened.signIn();
    opened.openBin("hub-1");
    page.route("**/bins/hub-1", route -> answerHtml(route, 200));
    opened.action("Cordon").click();
    opened.dialogButton("Cordon").click();
    assertThat(page.locator("#ask-problem")).containsText("your login may have expired");
    page.unroute("**/bins/hub-1");
    page.route(
        "**/bins/hub-1",
        route ->
            route.fulfill(
                new Route.FulfillOptions()
                    .setStatus(302)
                    .setHeaders(Map.of("Location", "/page/page.css"))));
    opened.dialogButton("Cordon").click();
    assertThat(page.locator("#ask-problem")).containsText("or your login has expired");
    assertThat(api.get("/kinds/hub/bins/hub-1").json().path("state").asText()).isEqualTo("open");
  }

  @Test
  @DisplayName(
      "a page that is opened while the server restarts becomes live; health is unknown meanwhile")
  void restart() throws Exception {
    page.route(ALL, route -> answerHtml(route, 502));
    opened.hurry();
    assertThat(health()).hasText("HealthDatabase unknownReplica unknownWatcher unknown");
    page.reload();
    assertThat(page.locator("#status"))
        .hasText("The server answered 502; try again in a few seconds.");
    page.unroute(ALL);
    assertThat(page.locator("#status")).hasText("Live");
    assertThat(health()).containsText("Database works");
    assertThat(opened.rows()).hasCount(3);
  }

  @Test
  @DisplayName("a request that is not answered ends, and the next one makes the page live again")
  void noAnswer() {
    page.evaluate(
        """
        () => {
          const timeout = AbortSignal.timeout;
          AbortSignal.timeout = (millis) => timeout.call(AbortSignal, millis / 50);
        }""");
    Pattern bins = Pattern.compile("/bins$");
    page.route(bins, route -> {});
    assertThat(page.locator("#status")).hasText("The server has not answered within 60 s.");
    page.unroute(bins);
    opened.hurry();
    assertThat(page.locator("#status")).hasText("Live");
  }

  @Test
  @DisplayName("lists never show entries of another kind, and fill up after a failure")
  void kinds() throws Exception {
    api.addBins("tenant", "tenant-1");
    api.assign("hub", "ada");
    opened.goTo("");
    Locator newest = page.locator("#newest li");
    assertThat(newest).hasText(Pattern.compile("ada → hub-1"));
    Pattern lists = Pattern.compile("/tenant/(newest|changes)");
    page.route(lists, Route::abort);
    page.locator("#kind").selectOption("tenant");
    assertThat(newest).hasCount(0);
    assertThat(page.locator("#changes li")).hasCount(0);
    assertThat(page.locator("#changes")).containsText("cannot be reached");
    api.assign("tenant", "bob");
    page.unroute(lists);
    opened.hurry();
    assertThat(newest).hasText(Pattern.compile("bob → tenant-1"));
    assertThat(page.locator("#changes li")).containsText(new String[] {"added tenant-1"});
  }

  @Test
  @DisplayName("the card of a user stays when it cannot be read anew, and says so")
  void card() throws Exception {
    api.assign("hub", "ada");
    opened.find("ada");
    assertThat(page.locator("#home")).hasText("hub-1");
    page.route("**/ada/explain", Route::abort);
    move("hub-2");
    assertThat(page.locator("#user-problem")).containsText("cannot be reached");
    assertThat(page.locator("#home")).hasText("hub-1");
    page.unroute("**/ada/explain");
    move("hub-3");
    assertThat(page.locator("#home")).hasText("hub-3");
    assertThat(page.locator("#user-problem")).hasText("");
  }

  private void move(String bin) throws Exception {
    api.admin("POST", "/kinds/hub/assignments/ada/move", "{\"bin\": \"%s\"}".formatted(bin));
  }
}
