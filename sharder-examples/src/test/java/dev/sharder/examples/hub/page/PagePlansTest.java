package dev.sharder.examples.hub.page;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.AriaRole;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("Drains and rebalances on the operators' page")
@Timeout(120)
class PagePlansTest extends OnThreeHubs {

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
    assertThat(opened.action("Drain")).isHidden();
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
}
