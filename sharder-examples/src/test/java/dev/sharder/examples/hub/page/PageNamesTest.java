package dev.sharder.examples.hub.page;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sharder.examples.hub.api.RunningApi.ApiAnswer;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever a name has in it, the operators' page shows it as text. */
@Timeout(120)
class PageNamesTest extends InChromium {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  /** A kind whose bins may have any name. */
  private static final String KIND = "tenant";

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
    start(name);
    open(1200, 900);
    opened.signIn();
    opened.goTo("?kind=" + KIND + "&text=" + encoded(name));
    assertThat(page.locator("#filter-text")).hasValue(name);
    assertThat(page.locator("#bins-table tbody .name a")).hasText(name);
    assertThat(page.locator("#filter-label option").nth(1)).hasText("label=" + name);
    assertThat(page.locator("#newest .event").first()).hasText(name + " → other");
    assertThat(page.locator("#changes .event").first()).hasText(name + " moved other → " + name);
    assertThat(page.locator("#changes .why").first()).hasText("by ada: " + name);
    assertRestIsText(name);
    assertThat(page.locator("img, main script, iframe")).hasCount(0);
    assertThat(opened.widest()).isLessThanOrEqualTo(1200);
    assertThat(opened.complaints()).allMatch(complaint -> complaint.contains("404"));
  }

  private void assertRestIsText(String name) {
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
  private void start(String name) throws Exception {
    startApi();
    String kind = "/kinds/" + KIND;
    api.addBins(KIND, "other");
    api.ask("PUT", kind + "/assignments/" + encoded(name), null);
    String labels = MAPPER.writeValueAsString(Map.of("labels", Map.of("label", name)));
    check(201, api.admin("PUT", kind + "/bins/" + encoded(name), labels));
    String move = MAPPER.writeValueAsString(Map.of("bin", name, "reason", name));
    check(200, api.admin("POST", kind + "/assignments/" + encoded(name) + "/move", move));
  }

  private static void check(int status, ApiAnswer answer) {
    assertThat(answer.status()).as(answer.body()).isEqualTo(status);
  }

  private static String encoded(String name) {
    return URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
