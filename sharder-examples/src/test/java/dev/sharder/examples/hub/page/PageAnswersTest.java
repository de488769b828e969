package dev.sharder.examples.hub.page;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.examples.hub.api.RunningApi;
import dev.sharder.examples.hub.server.RunningHub.HubAnswer;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the server answers where the page for operators is, whatever the browser. */
@Timeout(60)
class PageAnswersTest {

  private static final String OWN = "Host: localhost";

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({"/, text/html", "/page/page.css, text/css", "/page/main.js, text/javascript"})
  void everyPartIsKeptInByStrictHeaders(String path, String type) throws Exception {
    try (RunningApi api = RunningApi.onSqlite(folder)) {
      HubAnswer got = api.hub().ask("GET", path, OWN);
      assertThat(got.status()).isEqualTo(200);
      assertThat(got.header("Content-Type")).isEqualTo(type + "; charset=utf-8");
      assertThat(got.header("Content-Security-Policy").split("; "))
          .contains("default-src 'none'", "script-src 'self'", "style-src 'self'")
          .contains("base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'")
          .noneMatch(rule -> rule.contains("unsafe") || rule.contains("*"));
      assertThat(got.header("X-Content-Type-Options")).isEqualTo("nosniff");
      assertThat(got.header("Referrer-Policy")).isEqualTo("no-referrer");
      assertThat(got.headers("Set-Cookie")).isEmpty();
      assertThat(got.body()).isNotEmpty();
      HubAnswer head = api.hub().ask("HEAD", path, OWN);
      assertThat(head.status()).isEqualTo(200);
      assertThat(head.body()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"POST", "PUT", "DELETE", "OPTIONS"})
  void thePageIsOnlyRead(String method) throws Exception {
    try (RunningApi api = RunningApi.onSqlite(folder)) {
      HubAnswer answer = api.hub().ask(method, "/", OWN);
      assertThat(answer.status()).isEqualTo(405);
      assertThat(answer.header("Allow")).isEqualTo("GET, HEAD");
    }
  }

  @Test
  void noOtherOriginIsToldThatItMayAsk() throws Exception {
    try (RunningApi api = RunningApi.onSqlite(folder)) {
      for (String path : new String[] {"/", "/api/v1/kinds/hub/bins/hub-1"}) {
        HubAnswer preflight =
            api.hub()
                .ask(
                    "OPTIONS",
                    path,
                    OWN,
                    "Origin: https://elsewhere.example",
                    "Access-Control-Request-Method: PATCH",
                    "Access-Control-Request-Headers: authorization,content-type");
        assertThat(preflight.status()).isEqualTo(405);
        assertThat(preflight.headers())
            .noneMatch(line -> line.toLowerCase().startsWith("access-control-"));
      }
    }
  }
}
