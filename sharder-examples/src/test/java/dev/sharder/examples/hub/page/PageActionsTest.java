package dev.sharder.examples.hub.page;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Page;
import com.sun.net.httpserver.HttpServer;
import dev.sharder.examples.hub.api.RunningApi;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("What an operator does on the page")
@Timeout(120)
class PageActionsTest extends OnThreeHubs {

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
    opened.dialog().getByLabel("Token").fill("0123456789\u200babcdefghijABCDEFGHIJ");
    opened.dialogButton("Sign in").click();
    assertThat(page.locator("#ask-problem"))
        .containsText("perhaps an invisible one; copy it again");
    opened.dialogButton("Cancel").click();
    assertThat(opened.button("Sign in")).isVisible();
    assertThat(api.get("/kinds/hub/bins/hub-1").json().path("state").asText()).isEqualTo("open");
    assertThat(opened.complaints()).singleElement().asString().contains("401");
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
    assertThat(opened.bar("hub-1")).hasAttribute("aria-valuenow", "1");
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
