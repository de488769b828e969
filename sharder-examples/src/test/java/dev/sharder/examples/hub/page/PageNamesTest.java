package dev.sharder.examples.hub.page;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.microsoft.playwright.Page;
import dev.sharder.examples.hub.api.RunningApi;
import dev.sharder.examples.hub.api.RunningApi.ApiAnswer;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever a name has in it, the operators' page shows it as text. */
@Timeout(120)
class PageNamesTest {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** A kind whose bins may have any name. */
  private static final String KIND = "tenant";

  private static Chromium chromium;

  @TempDir private Path folder;

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

  static Stream<String> names() {
    return Stream.of(
        "<img src=x onerror=alert(1)>",
        "\"><script>alert(1)</script>",
        "javascript:alert(1)//${alert(1)}",
        "שלום abc مرحبا",
        "\u200Fright\u200Eleft",
        "😀".repeat(255),
        "w".repeat(255),
        "a&bin=b#c?d=e%2F+f",
        "__proto__");
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("names")
  @DisplayName(
      "names of bins and users, actors, reasons, labels, errors and parameters of the URL are text")
  void text(String name) throws Exception {
    try (RunningApi api = start(name);
        OpenedPage opened = OpenedPage.open(chromium, api, 1200, 900)) {
      Page page = opened.page();
      opened.signIn();
      opened.goTo("?kind=" + KIND + "&text=" + encoded(name));
      assertThat(page.locator("#filter-text")).hasValue(name);
      assertThat(page.locator("#bins-table tbody .name a")).hasText(name);
      assertThat(page.locator("#filter-label option").nth(1)).hasText("label=" + name);
      assertThat(page.locator("#newest .event").first()).hasText(name + " → other");
      assertThat(page.locator("#changes .event").first()).hasText(name + " moved other → " + name);
      assertThat(page.locator("#changes .why").first()).hasText("by ada: " + name);
      assertRestIsText(opened, name);
      assertThat(page.locator("img, main script, iframe")).hasCount(0);
      assertThat(opened.widest()).isLessThanOrEqualTo(1200);
      assertThat(opened.complaints()).allMatch(complaint -> complaint.contains("404"));
    }
  }

  private static void assertRestIsText(OpenedPage opened, String name) {
    Page page = opened.page();
    page.locator("#bins-table tbody .name a").click();
    assertThat(page.locator("#bin-title")).hasText(name);
    assertThat(page.locator(".label-chip")).hasText("label=" + name);
    assertThat(page.locator("#bin-users tbody th")).hasText(name);
    page.locator("#bin-users tbody a").click();
    assertThat(page.locator("#user-title")).hasText(name);
    assertThat(page.locator("#home")).hasText(name);
    page.reload();
    assertThat(page.locator("#user-title")).hasText(name);
    assertThat(page.locator("#bin-title")).hasText(name);
    page.locator("#find").focus();
    page.keyboard().insertText(name);
    assertThat(page.locator("#find")).hasValue(name);
    assertThat(page.locator("#find-names bdi").first()).hasText(name);
    page.locator("#to").fill(name.equals("w".repeat(255)) ? "nowhere" : name.substring(0, 2));
    opened.button("Move").click();
    assertThat(page.locator("#ask-title")).hasText("Move " + name);
    opened.dialogButton("Move").click();
    assertThat(page.locator("#ask-problem")).isVisible();
  }

  /** Starts a server with a bin, a user, a label and a reason of this name. */
  private RunningApi start(String name) throws Exception {
    RunningApi api = RunningApi.start(folder, "jdbc:sqlite:" + folder.resolve("sharder.db"));
    String kind = "/kinds/" + KIND;
    api.addBins(KIND, "other");
    api.ask("PUT", kind + "/assignments/" + encoded(name), null);
    String labels = MAPPER.writeValueAsString(Map.of("labels", Map.of("label", name)));
    check(201, api.admin("PUT", kind + "/bins/" + encoded(name), labels));
    String move = MAPPER.writeValueAsString(Map.of("bin", name, "reason", name));
    check(200, api.admin("POST", kind + "/assignments/" + encoded(name) + "/move", move));
    return api;
  }

  private static void check(int status, ApiAnswer answer) {
    assertThat(answer.status()).as(answer.body()).isEqualTo(status);
  }

  private static String encoded(String name) {
    return URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
