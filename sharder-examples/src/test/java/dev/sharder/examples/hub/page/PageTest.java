package dev.sharder.examples.hub.page;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.deque.html.axecore.playwright.AxeBuilder;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import com.sun.net.httpserver.HttpServer;
import dev.sharder.examples.hub.api.RunningApi;
import dev.sharder.examples.hub.api.RunningApi.ApiAnswer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The page for operators does its job in a real Chromium, with three hubs. */
@Timeout(120)
class PageTest {

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String MARKUP = "<img src=x onerror=alert(1)>";

  /** Where a picture is to be written for the README. */
  private static final String PICTURE = "page.picture";

  private static Chromium chromium;

  @TempDir private Path folder;
  private RunningApi api;
  private BrowserContext visit;
  private Page page;

  /** What the browser complains of. */
  private final List<String> complaints = new ArrayList<>();

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

  @BeforeEach
  void start() throws Exception {
    api = RunningApi.start(folder, "jdbc:sqlite:" + folder.resolve("sharder.db"));
    api.addBins("hub", "hub-3");
    visit(1200, 900);
  }

  private void visit(int width, int height) {
    if (visit != null) {
      visit.close();
    }
    visit = chromium.visit(width, height);
    page = visit.newPage();
    page.onConsoleMessage(
        message -> {
          if (message.type().equals("error")) {
            complaints.add(message.text());
          }
        });
    page.onPageError(complaints::add);
    page.onDialog(
        dialog -> {
          complaints.add(dialog.message());
          dialog.dismiss();
        });
    page.navigate("http://127.0.0.1:" + api.hub().port() + "/");
    assertThat(page.locator("#status")).hasText("Live");
  }

  @AfterEach
  void end() {
    if (visit != null) {
      visit.close();
    }
    if (api != null) {
      api.close();
    }
  }

  @Test
  void whoeverHasTheTokenSignsInAndStaysSoUntilTheySignOut() {
    signIn();
    page.reload();
    assertThat(button("Sign out")).isVisible();
    button("Sign out").click();
    assertThat(button("Sign in")).isVisible();
    page.reload();
    assertThat(button("Sign in")).isVisible();
    assertThat(visit.cookies()).isEmpty();
    assertThat(complaints).isEmpty();
  }

  @Test
  void aWrongTokenIsToldAndDoesNothing() throws Exception {
    action("Cordon", "hub-1").click();
    dialog().getByLabel("Token").fill("0123456789abcdefghijABCDEFGHIJ-wrong");
    dialogButton("Sign in").click();
    assertThat(page.locator("#ask-problem"))
        .hasText("the token is not one of the configured tokens; use one of them");
    dialogButton("Cancel").click();
    assertThat(button("Sign in")).isVisible();
    assertThat(api.get("/kinds/hub/bins/hub-1").json().path("state").asText()).isEqualTo("open");
    assertThat(complaints).singleElement().asString().contains("401");
  }

  @Test
  void anyoneIsFoundWithWhatHappenedToThem() throws Exception {
    signIn();
    api.assign("hub", "ada");
    api.admin(
        "POST", "/kinds/hub/assignments/ada/move", "{\"bin\": \"hub-2\", \"reason\": \"lab\"}");
    find("ada");
    assertThat(page.locator("#home")).hasText("hub-2");
    assertThat(page.locator("#history li")).hasCount(2);
    assertThat(page.locator("#history")).containsText("ada hub-1 → hub-2 by ada: lab");
    find("bob");
    assertThat(page.locator("#found")).containsText("is new, and would go to hub-1");
    assertThat(page.locator("#history")).hasCount(0);
    assertThat(complaints).isEmpty();
  }

  @Test
  void aUserIsFoundHoweverTheirNameIsSpelledUnlessSomebodyIsCalledExactlySo() throws Exception {
    api.assign("hub", "ada");
    api.assign("hub", "Bob");
    page.getByLabel("Name").fill("Ada");
    button("Find").click();
    assertThat(page.locator("#found h3").first()).hasText("ada");
    assertThat(page.locator("#home")).hasText("hub-1");
    find("Bob");
    assertThat(page.locator("#home")).hasText("hub-2");
    assertThat(complaints).isEmpty();
  }

  @Test
  void aNameIsTextAndNeverMarkup() throws Exception {
    signIn();
    api.assign("hub", URLEncoder.encode(MARKUP, StandardCharsets.UTF_8).replace("+", "%20"));
    assertThat(page.locator("#newest li").first()).containsText(MARKUP + " → hub-1");
    find(MARKUP);
    assertThat(page.locator("#found h3").first()).hasText(MARKUP);
    page.locator("#to").selectOption("hub-2");
    button("Move").click();
    assertThat(page.locator("#ask-title")).hasText("Move " + MARKUP);
    dialogButton("Move").click();
    assertThat(page.locator("#home")).hasText("hub-2");
    assertThat(page.locator("#changes li").first()).containsText(MARKUP + " hub-1 → hub-2");
    assertThat(page.locator("img")).hasCount(0);
    assertThat(complaints).isEmpty();
  }

  @Test
  void newcomersAreSeenToGoElsewhereOnceABinIsCordoned() throws Exception {
    signIn();
    action("Cordon", "hub-1").click();
    assertThat(dialog()).containsText("It takes no new users. 0 users stay where they are.");
    dialogButton("Cordon").click();
    assertThat(row("hub-1")).containsText("cordoned");
    assertThat(page.locator("#changes li").first()).containsText("bin-cordoned hub-1 by ada");
    List<String> newUsers = IntStream.range(0, 6).mapToObj(i -> "new-" + i).toList();
    for (String newUser : newUsers) {
      assertThat(api.assign("hub", newUser)).isNotEqualTo("hub-1");
    }
    assertThat(page.locator("#newest li")).hasCount(6);
    assertThat(page.locator("#newest li").first()).containsText("new-5 → hub-3");
    assertThat(meter("hub-1")).hasJSProperty("value", 0);
    assertThat(meter("hub-2")).hasJSProperty("value", 3);
    assertThat(meter("hub-3")).hasJSProperty("value", 3);
    assertThat(row("hub-3")).containsText("50.0 %");
    action("Open", "hub-1").click();
    dialogButton("Open").click();
    assertThat(action("Cordon", "hub-1")).isVisible();
    assertThat(api.assign("hub", "latest")).isEqualTo("hub-1");
    assertThat(meter("hub-1")).hasJSProperty("value", 1);
    assertThat(complaints).isEmpty();
  }

  @Test
  void aBinIsDrainedPieceByPieceAfterItsPlanWasSeen() throws Exception {
    signIn();
    assignMany(1_500);
    assertThat(meter("hub-1")).hasJSProperty("value", 500);
    action("Drain", "hub-1").click();
    assertThat(dialog()).containsText("500 moves; it takes no new users meanwhile.");
    assertThat(page.locator("#plan tbody tr"))
        .hasText(new String[] {"hub-1hub-2250", "hub-1hub-3250"});
    assertThat(page.locator("#ask-progress")).isHidden();
    assertThat(api.loads("hub")).containsEntry("hub-1", 500L);
    List<String> seen = recordProgress();
    dialogButton("Drain").click();
    assertThat(page.locator("#ask-done")).hasText("500 moves made.");
    assertThat(seen).contains("200 of 500 moved", "400 of 500 moved", "500 of 500 moved");
    assertThat(page.locator("#ask-progress")).hasJSProperty("position", 1);
    dialogButton("Close").click();
    assertThat(row("hub-1")).containsText("draining");
    assertThat(meter("hub-1")).hasJSProperty("value", 0);
    assertThat(meter("hub-2")).hasJSProperty("value", 750);
    assertThat(action("Drain", "hub-1")).hasCount(0);
    assertThat(api.loads("hub")).isEqualTo(Map.of("hub-1", 0L, "hub-2", 750L, "hub-3", 750L));
    action("Open", "hub-1").click();
    dialogButton("Open").click();
    assertThat(row("hub-1").locator(".state")).hasText("open");
    assertThat(api.assign("hub", "latest")).isEqualTo("hub-1");
    assertThat(complaints).isEmpty();
  }

  /** Returns a list that receives the progress the page reports. */
  private List<String> recordProgress() {
    List<String> seen = new ArrayList<>();
    page.exposeFunction("seen", arguments -> seen.add(String.valueOf(arguments[0])));
    page.evaluate(
        """
        () => new MutationObserver(() => seen(document.getElementById("ask-done").textContent))
          .observe(document.getElementById("ask-done"), {childList: true})""");
    return seen;
  }

  @Test
  void aDrainThatIsStoppedLeavesTheOthersWhereTheyAre() throws Exception {
    signIn();
    assignMany(1_500);
    action("Drain", "hub-1").click();
    page.evaluate(
        """
        () => new MutationObserver((_, observer) => {
          if (document.getElementById("ask-done").textContent.startsWith("200 of")) {
            observer.disconnect();
            document.getElementById("ask-cancel").click();
          }
        }).observe(document.getElementById("ask-done"), {childList: true})""");
    dialogButton("Drain").click();
    assertThat(page.locator("#ask")).isHidden();
    assertThat(meter("hub-1")).hasJSProperty("value", 100);
    action("Drain", "hub-1").click();
    assertThat(dialog()).containsText("100 moves;");
    dialogButton("Drain").click();
    assertThat(page.locator("#ask-done")).hasText("100 moves made.");
    assertThat(complaints).isEmpty();
  }

  @Test
  void aUserIsMovedAndWhatIsShownOfThemFollowsWhateverElseMovesThem() throws Exception {
    signIn();
    api.assign("hub", "ada");
    find("ada");
    assertThat(page.locator("#home")).hasText("hub-1");
    page.locator("#to").selectOption("hub-3");
    button("Move").click();
    assertThat(dialog()).containsText("From hub-1 to hub-3. Stop the server");
    dialogButton("Move").click();
    assertThat(page.locator("#home")).hasText("hub-3");
    assertThat(meter("hub-3")).hasJSProperty("value", 1);
    api.admin("POST", "/kinds/hub/assignments/ada/move", "{\"bin\": \"hub-2\"}");
    assertThat(page.locator("#home")).hasText("hub-2");
    assertThat(page.locator("#history li")).hasCount(3);
    assertThat(page.locator("#changes li").first()).containsText("ada hub-3 → hub-2");
    assertThat(complaints).isEmpty();
  }

  @Test
  void theKeyboardAloneIsEnough() throws Exception {
    api.assign("hub", "ada");
    page.keyboard().press("Tab");
    assertThat(page.locator(".skip")).isFocused();
    page.keyboard().press("Enter");
    assertThat(page.locator("#find")).isFocused();
    page.keyboard().type("ada");
    page.keyboard().press("Enter");
    assertThat(page.locator("#home")).hasText("hub-1");
    page.reload();
    assertThat(action("Cordon", "hub-2")).isVisible();
    tabTo(action("Cordon", "hub-2"));
    page.keyboard().press("Enter");
    assertThat(dialog().getByLabel("Token")).isFocused();
    page.keyboard().type(RunningApi.TOKEN);
    page.keyboard().press("Enter");
    assertThat(page.locator("#ask-title")).hasText("Cordon hub-2");
    tabTo(dialogButton("Cordon"));
    page.keyboard().press("Enter");
    assertThat(row("hub-2")).containsText("cordoned");
    assertThat(action("Open", "hub-2")).isFocused();
    page.keyboard().press("Enter");
    assertThat(page.locator("#ask-title")).hasText("Open hub-2");
    page.keyboard().press("Escape");
    assertThat(page.locator("#ask")).isHidden();
    assertThat(row("hub-2")).containsText("cordoned");
    assertThat(complaints).isEmpty();
  }

  private void tabTo(Locator wanted) {
    for (int i = 0; i < 20 && !Boolean.TRUE.equals(hasFocus(wanted)); i++) {
      page.keyboard().press("Tab");
    }
    assertThat(wanted).isFocused();
  }

  private static Object hasFocus(Locator wanted) {
    return wanted.evaluate("one => one === document.activeElement");
  }

  @ParameterizedTest
  @ValueSource(ints = {360, 700, 1200})
  void nothingIsCutOffAtAnyWidth(int width) throws Exception {
    visit(width, 740);
    signIn();
    api.assign("hub", "a".repeat(200));
    find("a".repeat(200));
    assertThat(page.locator("#home")).hasText("hub-1");
    assertThat(widest()).isLessThanOrEqualTo(width);
    action("Drain", "hub-1").click();
    assertThat(page.locator("#plan")).isVisible();
    assertThat(widest()).isLessThanOrEqualTo(width);
    assertThat((int) dialog().evaluate("one => one.scrollWidth - one.clientWidth")).isZero();
    assertThat(complaints).isEmpty();
  }

  private int widest() {
    return (int)
        page.evaluate(
            """
            () => Math.max(document.documentElement.scrollWidth, ...[...document.querySelectorAll(
              "main *, header *")].filter((one) => one.checkVisibility() && !one.closest("thead"))
              .map((one) => Math.ceil(one.getBoundingClientRect().right)))""");
  }

  @ParameterizedTest
  @EnumSource(names = {"LIGHT", "DARK"})
  void whoeverSeesLittleOrNothingCanUseIt(ColorScheme scheme) throws Exception {
    page.emulateMedia(new Page.EmulateMediaOptions().setColorScheme(scheme));
    signIn();
    assignMany(30);
    api.admin("PATCH", "/kinds/hub/bins/hub-2", "{\"state\": \"cordoned\"}");
    find("user-0001");
    assertThat(page.locator("#home")).isVisible();
    assertThat(page.locator("#newest li")).hasCount(30);
    assertThat(row("hub-2")).containsText("cordoned");
    assertThat(accessibilityProblems("html")).isEmpty();
    action("Drain", "hub-2").click();
    assertThat(page.locator("#plan")).isVisible();
    assertThat(accessibilityProblems("#ask")).isEmpty();
    dialogButton("Drain").click();
    assertThat(page.locator("#ask-done")).hasText("10 moves made.");
    assertThat(accessibilityProblems("#ask")).isEmpty();
    assertThat(complaints).isEmpty();
  }

  /** By axe-core, with the contrast of every text. */
  private List<String> accessibilityProblems(String part) {
    return new AxeBuilder(page)
        .include(part).analyze().getViolations().stream()
            .map(rule -> rule.getId() + ": " + rule.getNodes())
            .toList();
  }

  @Test
  void aPageOfAnotherOriginNeitherActsNorReads() throws Exception {
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
      signIn();
      Page other = visit.newPage();
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
    assertThat(complaints).isEmpty();
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

  /** Draws the picture of docs/hub-sharder.md: {@code -Dpage.picture=docs/operator-page.png}. */
  @Test
  @EnabledIfSystemProperty(named = PICTURE, matches = ".+")
  void drawsThePictureOfTheDocumentation() throws Exception {
    api.addBins("hub", "hub-4", "hub-5");
    api.admin("PATCH", "/kinds/hub/bins/hub-2", "{\"capacity\": 400}");
    api.admin("PATCH", "/kinds/hub/bins/hub-4", "{\"capacity\": 150}");
    api.admin("PATCH", "/kinds/hub/bins/hub-5", "{\"weight\": 2, \"capacity\": 600}");
    assignMany(860);
    api.admin(
        "PATCH", "/kinds/hub/bins/hub-3", "{\"state\": \"cordoned\", \"reason\": \"new disks\"}");
    api.assign("hub", "hedy");
    api.admin(
        "POST",
        "/kinds/hub/assignments/hedy/move",
        "{\"bin\": \"hub-5\", \"reason\": \"the lab\"}");
    for (String newUser : List.of("grace", "edsger", "barbara", "donald", "radia", "dennis")) {
      api.assign("hub", newUser);
    }
    visit(1200, 880);
    signIn();
    find("hedy");
    assertThat(page.locator("#home")).hasText("hub-5");
    assertThat(page.locator("#newest li").first()).containsText("dennis");
    page.screenshot(
        new Page.ScreenshotOptions()
            .setPath(
                Path.of("").toAbsolutePath().getParent().resolve(System.getProperty(PICTURE))));
  }

  private void assignMany(int count) throws Exception {
    List<String> users = IntStream.range(0, count).mapToObj("user-%04d"::formatted).toList();
    String roster = MAPPER.writeValueAsString(Map.of("objects", users));
    ApiAnswer reply = api.admin("POST", "/kinds/hub/assignments", roster);
    assertThat(reply.status()).as(reply.body()).isEqualTo(200);
  }

  private void signIn() {
    button("Sign in").click();
    dialog().getByLabel("Token").fill(RunningApi.TOKEN);
    dialogButton("Sign in").click();
    assertThat(button("Sign out")).isVisible();
    assertThat(page.locator("#ask")).isHidden();
    assertThat(page.locator("#status")).hasText("Live");
  }

  private void find(String object) {
    page.getByLabel("Name").fill(object);
    button("Find").click();
    assertThat(page.locator("#found h3").first()).hasText(object);
  }

  private Locator row(String bin) {
    return page.locator("#bins tr[data-bin='" + bin + "']");
  }

  private Locator meter(String bin) {
    return row(bin).locator("meter");
  }

  private Locator action(String what, String bin) {
    return row(bin).locator("[data-act='" + what + "']");
  }

  private Locator dialog() {
    return page.getByRole(AriaRole.DIALOG);
  }

  private Locator dialogButton(String name) {
    return dialog()
        .getByRole(AriaRole.BUTTON, new Locator.GetByRoleOptions().setName(name).setExact(true));
  }

  private Locator button(String name) {
    return page.getByRole(
        AriaRole.BUTTON, new Page.GetByRoleOptions().setName(name).setExact(true));
  }
}
