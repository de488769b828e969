package dev.sharder.examples.hub.page;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Response;
import com.microsoft.playwright.options.AriaRole;
import com.sun.net.httpserver.HttpServer;
import dev.sharder.examples.hub.nginx.DeployedSharder;
import dev.sharder.examples.hub.nginx.DeployedSharder.DeployedWay;
import dev.sharder.jdbc.FreePorts;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The page in a real Chromium whose user has logged in to the real nginx, without any token. */
@Timeout(120)
class PageNginxTest extends InChromium {

  private static final String OPERATORS = "operators.example.org";

  private DeployedSharder deployed;

  @BeforeEach
  void start() throws Exception {
    deployed =
        DeployedSharder.start(
            folder,
            DeployedWay.AUTHORITATIVE_WITH_OPERATORS,
            FreePorts.next(2),
            "admins: [ada]",
            "api-hosts: [" + OPERATORS + "]");
  }

  @AfterEach
  void stop() throws Exception {
    if (deployed != null) {
      deployed.close();
    }
  }

  private String site() {
    return "http://" + OPERATORS + ":" + deployed.nginx().port();
  }

  @Test
  void anAdminNeedsNoTokenAndIsRecordedByName() throws Exception {
    try (BrowserContext visit = chromium.visitAs("ada")) {
      Page page = visit.newPage();
      page.navigate(site() + "/");
      assertThat(page.locator("#status")).hasText("Live");
      assertThat(page.locator("#me")).hasText("ada");
      assertThat(page.locator("#sign")).isHidden();
      page.locator("#bins-table tr[data-bin='hub-1'] a").click();
      page.locator("#bin-actions [data-act='Cordon']").click();
      Locator dialog = page.getByRole(AriaRole.DIALOG);
      dialog
          .getByRole(
              AriaRole.BUTTON, new Locator.GetByRoleOptions().setName("Cordon").setExact(true))
          .click();
      assertThat(page.locator("#bin-state")).hasText("cordoned");
      assertThat(page.locator("#changes li").first()).containsText("by ada: on the page");
    }
  }

  @Test
  void anotherUserOfNginxSeesNothing() {
    try (BrowserContext visit = chromium.visitAs("bob")) {
      Response response = visit.newPage().navigate(site() + "/");
      assertThat(response.status()).isEqualTo(403);
      assertThat(response.text()).contains("user 'bob' is not one of the 'admins'");
      for (String path : List.of("/metrics", "/shard/x", "/auth", "/api/v1/kinds")) {
        assertThat(visit.newPage().navigate(site() + path).status())
            .as(path)
            .isEqualTo(path.startsWith("/api") ? 403 : 404);
      }
    }
  }

  @Test
  void aPageOfAnotherOriginDoesNothingInTheNameOfAnAdmin() throws Exception {
    HttpServer elsewhere =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    byte[] form =
        """
        <!DOCTYPE html><title>x</title>
        <form method="post" enctype="text/plain" action="%s/api/v1/kinds/hub/assignments">
        <input name='{"objects": ["mallory"], "x' value='": 1}'><button>Win</button></form>"""
            .formatted(site())
            .getBytes(StandardCharsets.UTF_8);
    elsewhere.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, form.length);
          exchange.getResponseBody().write(form);
          exchange.close();
        });
    elsewhere.start();
    try (BrowserContext visit = chromium.visitAs("ada")) {
      Page page = visit.newPage();
      page.navigate(site() + "/");
      assertThat(page.locator("#me")).hasText("ada");
      // Of the same site as browsers see it, so even cookies of that site would come along.
      page.navigate("http://evil.example.org:" + elsewhere.getAddress().getPort() + "/");
      assertThat(fetched(page, "PUT", "cors", "{}")).isEqualTo("refused");
      assertThat(fetched(page, "PUT", "cors", "{'X-Requested-With': 'x'}")).isEqualTo("refused");
      assertThat(fetched(page, "POST", "no-cors", "{'X-Requested-With': 'x'}"))
          .isEqualTo("opaque 0");
      Response response =
          page.waitForResponse(
              answer -> answer.url().contains("/assignments"), () -> page.getByText("Win").click());
      assertThat(response.status()).isEqualTo(403);
      assertThat(response.text()).contains("X-Requested-With");
      page.navigate(site() + "/");
      assertThat(fetched(page, "PUT", "cors", "{'X-Requested-With': 'x'}")).isEqualTo("basic 201");
      assertThat(page.locator("#newest li")).hasCount(1);
    } finally {
      elsewhere.stop(0);
    }
  }

  private Object fetched(Page page, String method, String mode, String headers) {
    String url = site() + "/api/v1/kinds/hub/assignments" + (method.equals("PUT") ? "/eve" : "");
    return page.evaluate(
        """
        ([url, method, mode, headers]) =>
          fetch(url, {method, mode, headers: JSON.parse(headers), credentials: "include"})
            .then((answer) => `${answer.type} ${answer.status}`, () => "refused")""",
        List.of(url, method, mode, headers.replace('\'', '"')));
  }

  @Test
  void aHostileNameThatNowMeansThisMachineGetsNothingNotEvenInTheNameOfAnAdmin() {
    try (BrowserContext visit = chromium.visitAs("ada")) {
      Page page = visit.newPage();
      Response response =
          page.navigate("http://rebound.example.org:" + deployed.sharder().port() + "/");
      assertThat(response.status()).isEqualTo(403);
      assertThat(response.text()).contains("'rebound.example.org'").contains("'api-hosts'");
      for (String method : List.of("GET", "PUT")) {
        assertThat(
                page.evaluate(
                    """
                    (method) => fetch("/api/v1/kinds/hub/assignments/eve",
                        {method, headers: {"REMOTE_USER": "ada", "X-Requested-With": "x"}})
                      .then((answer) => answer.status)""",
                    method))
            .isEqualTo(403);
      }
    }
  }
}
