package dev.sharder.examples.hub.proxy.chp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.examples.hub.proxy.Decision;
import dev.sharder.examples.hub.proxy.RequestHeads;
import dev.sharder.examples.hub.proxy.Router;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ChpRouterTest {

  private final RouteTable routes = new RouteTable(InstantSource.system());

  private void put(String path, String target) {
    routes.put(RoutePath.of(path), RouteJson.ofTarget(target));
  }

  private Decision decide(Routing routing, String uri, String host) {
    return new ChpRouter(
            routes, routing, new ChpMetrics(), Decision.HeaderEdits.NONE, Optional.empty())
        .route(RequestHeads.of("GET", uri, host))
        .toCompletableFuture()
        .join();
  }

  private String forwarded(Routing routing, String uri, String host) {
    Decision.Forward forward = (Decision.Forward) decide(routing, uri, host);
    return forward.target().port() + " " + forward.uri();
  }

  private String forwarded(Routing routing, String uri) {
    return forwarded(routing, uri, "hub.example:8000");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/user/ada",
        "/user/ada?",
        "/user/ada??a=%2F&b",
        "/user/ada/%2F%20//x;y@z",
        "/user/%61da/\u00c3\u00bc",
        "/user%2Fada/%zz%"
      })
  @DisplayName("a link goes on byte for byte, behind the path of the target")
  void links(String uri) {
    put("/user/ada", "http://127.0.0.1:1/base/");
    assertThat(forwarded(Routing.DEFAULT, uri)).isEqualTo("1 /base" + uri);
  }

  @ParameterizedTest
  @CsvSource({
    "/user/ada,/",
    "/user/ada/,/",
    "/user/ada/x/y?z,/x/y?z",
    "/user/ada?x,/?x",
    "/user/%61da/%2Fx,/%2Fx",
    "/user/ada%2Fx/y,/x/y",
    "/user%2Fada%2F,/",
    "//user/ada/x,/x",
    "/user/ada//x,//x",
    "/b%40r/b%20r/rest/of/it,/rest/of/it",
    "/b@r/b%20r/%zz,/%zz",
    "/%C3%BC/x,/x",
    "/other//x?y,/other//x?y"
  })
  @DisplayName("--no-include-prefix cuts the path of the route where it ends in the raw link")
  void prefix(String uri, String rest) {
    put("/user/ada", "http://127.0.0.1:1");
    put("/b@r/b r", "http://127.0.0.1:1");
    put("/ü", "http://127.0.0.1:1");
    put("/", "http://127.0.0.1:1");
    assertThat(forwarded(new Routing(false, false, true), uri)).isEqualTo("1 " + rest);
  }

  @Test
  @DisplayName("--no-prepend-path leaves the path of the target out, with and without the prefix")
  void targetPath() {
    put("/bar", "http://127.0.0.1:1/foo");
    assertThat(forwarded(new Routing(false, true, false), "/bar/x")).isEqualTo("1 /bar/x");
    assertThat(forwarded(new Routing(false, false, false), "/bar/x")).isEqualTo("1 /x");
    assertThat(forwarded(new Routing(false, false, true), "/bar/x")).isEqualTo("1 /foo/x");
  }

  @ParameterizedTest
  @CsvSource({
    "ada.hub.example,1 /x",
    "ADA.hub.example:8000,1 /x",
    "hub.example,2 /x",
    "[::1]:8000,3 /x"
  })
  @DisplayName("--host-routing goes by the host without its port")
  void hosts(String host, String expected) {
    put("/ada.hub.example", "http://127.0.0.1:1");
    put("/", "http://127.0.0.1:2");
    put("/[::1]", "http://127.0.0.1:3");
    assertThat(forwarded(new Routing(true, true, true), "/x", host)).isEqualTo(expected);
    assertThat(forwarded(new Routing(true, false, true), "/x", host)).isEqualTo(expected);
  }

  @Test
  @DisplayName("where no route is, the answer is 404")
  void nowhere() {
    put("/user/ada", "http://127.0.0.1:1");
    assertThat(decide(Routing.DEFAULT, "/user/bob", "hub.example"))
        .isInstanceOfSatisfying(
            Decision.Refuse.class, refusal -> assertThat(refusal.status()).isEqualTo(404));
  }

  @Test
  @DisplayName("where no route is, another router decides if there is one")
  void fallback() {
    Decision theirs = new Decision.Refuse(418, "Tea.");
    Router other = request -> CompletableFuture.completedFuture(theirs);
    ChpRouter router =
        new ChpRouter(
            routes,
            Routing.DEFAULT,
            new ChpMetrics(),
            Decision.HeaderEdits.NONE,
            Optional.of(other));
    assertThat(router.route(RequestHeads.of("GET", "/x", "h")).toCompletableFuture().join())
        .isSameAs(theirs);
  }

  @Test
  @DisplayName("/_chp_healthz is answered again and again, whatever the routes")
  void health() {
    put("/", "http://127.0.0.1:1");
    for (int i = 0; i < 2; i++) {
      Decision.Answer answer =
          (Decision.Answer) decide(Routing.DEFAULT, "/_chp_healthz", "hub.example");
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.headers()).containsEntry("Content-Type", "application/json");
      assertThat(UTF_8.decode(answer.body()).toString()).isEqualTo("{\"status\":\"OK\"}");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "GET,hub.example,8443,301,https://hub.example:8443/a%2F?b",
    "GET,hub.example:80,443,301,https://hub.example/a%2F?b",
    "HEAD,[::1]:80,8443,301,https://[::1]:8443/a%2F?b",
    "POST,hub.example,443,308,https://hub.example/a%2F?b"
  })
  @DisplayName("--redirect-port sends clients to the same link by https")
  void redirect(String method, String host, int port, int status, String location) {
    Decision.Answer answer =
        (Decision.Answer)
            new RedirectRouter(port)
                .route(RequestHeads.of(method, "/a%2F?b", host))
                .toCompletableFuture()
                .join();
    assertThat(answer.status()).isEqualTo(status);
    assertThat(answer.headers()).containsEntry("Location", location);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a,b", "(evil.example)", "%00"})
  @DisplayName("--redirect-port sends no one to a host that is none")
  void badHost(String host) {
    assertThat(
            new RedirectRouter(443)
                .route(RequestHeads.of("GET", "/", host))
                .toCompletableFuture()
                .join())
        .isInstanceOfSatisfying(
            Decision.Refuse.class, refusal -> assertThat(refusal.status()).isEqualTo(400));
  }
}
