package dev.sharder.examples.hub.page;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.deque.html.axecore.args.AxeRunOptions;
import com.deque.html.axecore.playwright.AxeBuilder;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import dev.sharder.examples.hub.api.RunningApi;
import dev.sharder.examples.hub.api.RunningApi.ApiAnswer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The operators' page as a person has it open.
 *
 * @param complaints what the browser complains of
 */
record OpenedPage(RunningApi api, BrowserContext visit, Page page, List<String> complaints)
    implements AutoCloseable {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** Opens the page in a window of this size, and waits until it is live. */
  static OpenedPage open(Chromium chromium, RunningApi api, int width, int height) {
    BrowserContext visit = chromium.visit(width, height);
    OpenedPage opened = new OpenedPage(api, visit, visit.newPage(), new ArrayList<>());
    opened.listen();
    opened.goTo("");
    return opened;
  }

  private void listen() {
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
  }

  void goTo(String query) {
    page.navigate("http://127.0.0.1:" + api.hub().port() + "/" + query);
    assertThat(page.locator("#status")).hasText("Live");
    assertThat(page.locator("[data-fact='health']")).not().containsText("unknown");
  }

  void signIn() {
    button("Sign in").click();
    dialog().getByLabel("Token").fill(RunningApi.TOKEN);
    dialogButton("Sign in").click();
    assertThat(button("Sign out")).isVisible();
    assertThat(page.locator("#ask")).isHidden();
    assertThat(page.locator("#status")).hasText("Live");
  }

  void find(String object) {
    page.locator("#find").fill(object);
    page.keyboard().press("Enter");
    assertThat(page.locator("#user-title")).hasText(object);
  }

  /** Opens a bin's own view. */
  void openBin(String bin) {
    row(bin).getByRole(AriaRole.LINK).click();
    assertThat(page.locator("#bin-title")).hasText(bin);
  }

  void backToBins() {
    page.getByText("← All bins").click();
    assertThat(page.locator("#bins")).isVisible();
  }

  /** Shows the plan of a rebalance with a limit. */
  void planRebalance(int atMost) {
    button("Rebalance").click();
    dialog().getByLabel("At most this many moves").fill(String.valueOf(atMost));
    dialogButton("Plan").click();
    assertThat(page.locator("#plan")).isVisible();
  }

  /** Ends what the page waits for between two requests. */
  void hurry() {
    page.evaluate("() => document.dispatchEvent(new Event('sharder-now'))");
  }

  void assignMany(int count) throws Exception {
    List<String> users = IntStream.range(0, count).mapToObj("user-%04d"::formatted).toList();
    String roster = MAPPER.writeValueAsString(Map.of("objects", users));
    ApiAnswer reply = api.admin("POST", "/kinds/hub/assignments", roster);
    assertThat(reply.status()).as(reply.body()).isEqualTo(200);
  }

  /** By axe-core, with the contrast of every text. */
  List<String> accessibilityProblems() {
    // Without this, it describes everything that it looked at and found well.
    AxeRunOptions options = new AxeRunOptions();
    options.setResultTypes(List.of("violations"));
    return new AxeBuilder(page)
        .options(options).analyze().getViolations().stream()
            .map(rule -> rule.getId() + ": " + rule.getNodes())
            .toList();
  }

  /** Returns how far anything reaches to the right that is not in a part that scrolls by itself. */
  int widest() {
    return (int)
        page.evaluate(
            """
            () => Math.max(document.documentElement.scrollWidth, ...[...document.querySelectorAll(
              "main *, header *")].filter((one) => one.checkVisibility() && !one.closest("thead, .scroll, .unseen"))
              .map((one) => Math.ceil(one.getBoundingClientRect().right)))""");
  }

  Locator row(String bin) {
    return page.locator("#bins-table tr[data-bin='" + bin + "']");
  }

  Locator bar(String bin) {
    return row(bin).getByRole(AriaRole.METER);
  }

  Locator rows() {
    return page.locator("#bins-table tbody tr[data-bin]");
  }

  Locator action(String what) {
    return page.locator("#bin-actions [data-act='" + what + "']");
  }

  Locator dialog() {
    return page.getByRole(AriaRole.DIALOG);
  }

  Locator dialogButton(String name) {
    return dialog()
        .getByRole(AriaRole.BUTTON, new Locator.GetByRoleOptions().setName(name).setExact(true));
  }

  Locator button(String name) {
    return page.getByRole(
        AriaRole.BUTTON, new Page.GetByRoleOptions().setName(name).setExact(true));
  }

  /** Returns a list that receives the progress the page reports. */
  List<String> recordProgress() {
    List<String> seen = new ArrayList<>();
    page.exposeFunction("seen", arguments -> seen.add(String.valueOf(arguments[0])));
    page.evaluate(
        """
        () => new MutationObserver(() => seen(document.getElementById("ask-done").textContent))
          .observe(document.getElementById("ask-done"), {childList: true})""");
    return seen;
  }

  @Override
  public void close() {
    visit.close();
  }
}
