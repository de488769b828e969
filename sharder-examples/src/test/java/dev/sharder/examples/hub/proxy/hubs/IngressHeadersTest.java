package dev.sharder.examples.hub.proxy.hubs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.examples.hub.nginx.RunningNginx;
import dev.sharder.examples.hub.server.RunningHub;
import dev.sharder.examples.hub.server.RunningHub.HubAnswer;
import io.undertow.Undertow;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HttpString;
import io.undertow.util.StatusCodes;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The proxy behind the directives that ingress-nginx writes for deploy/kubernetes. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class IngressHeadersTest {

  @TempDir private Path folder;

  /** Knows two logins, of which one has no name. */
  private static void logIn(HttpServerExchange exchange) {
    String cookie = String.valueOf(exchange.getRequestHeaders().getFirst("Cookie"));
    if (cookie.equals("login=ada")) {
      exchange.getResponseHeaders().put(new HttpString("Remote-User"), "ada");
    } else if (!cookie.equals("login=nameless")) {
      exchange.setStatusCode(StatusCodes.UNAUTHORIZED);
    }
    exchange.endExchange();
  }

  @Test
  @DisplayName("The answer's Remote-User arrives as REMOTE_USER, and nothing that a client says")
  void names() throws Exception {
    RunningNginx.assumeInstalled();
    Undertow login =
        Undertow.builder()
            .addHttpListener(0, "127.0.0.1")
            .setHandler(IngressHeadersTest::logIn)
            .build();
    login.start();
    int asked = ((InetSocketAddress) login.getListenerInfo().get(0).getAddress()).getPort();
    try (MortalHub hub = MortalHub.start("hub-1");
        RunningProxy proxy =
            RunningProxy.start(folder, List.of(hub), "proxy-user-header: X-Remote-User");
        RunningNginx nginx =
            RunningNginx.start(
                folder, port -> ingress(port, asked, proxy.proxy().port(), RunningHub.SECRET))) {
      HubAnswer ada = ask(nginx, "login=ada");
      assertThat(ada.body()).startsWith("hub-1 has /lab");
      assertThat(ada.body().toLowerCase())
          .contains("x-remote-user: ada\n")
          .doesNotContain("eve", "secret");
      assertThat(ask(nginx, "login=nameless").status()).isEqualTo(401);
      assertThat(ask(nginx, "login=eve").status()).isEqualTo(401);
    } finally {
      login.stop();
    }
  }

  private static HubAnswer ask(RunningNginx nginx, String cookie) throws Exception {
    return RunningHub.send(
        nginx.port(),
        """
        GET /lab HTTP/1.1
        Host: hub.example.org
        Cookie: %s
        REMOTE_USER: eve
        Remote-User: eve
        X-Sharder-Secret: eve
        Connection: close

        """
            .formatted(cookie)
            .replace("\n", "\r\n"));
  }

  private static String ingress(int port, int login, int proxy, String secret) {
    return """
    daemon off;
    master_process off;
    pid nginx.pid;
    error_log stderr warn;
    events {
    }
    http {
      access_log off;
      server {
        listen 127.0.0.1:%d;
        location / {
          auth_request /_external-auth;
          auth_request_set $authHeader0 $upstream_http_remote_user;
          proxy_set_header Host $http_host;
          proxy_set_header X-Sharder-Secret "%s";
          proxy_set_header 'REMOTE_USER' $authHeader0;
          proxy_http_version 1.1;
          proxy_pass http://127.0.0.1:%d;
        }
        location = /_external-auth {
          internal;
          proxy_pass_request_body off;
          proxy_set_header Content-Length "";
          proxy_pass http://127.0.0.1:%d;
        }
      }
    }
    """
        .formatted(port, secret, proxy, login);
  }
}
