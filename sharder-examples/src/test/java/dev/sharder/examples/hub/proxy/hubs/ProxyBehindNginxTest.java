package dev.sharder.examples.hub.proxy.hubs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.examples.hub.nginx.DeployedSharder;
import dev.sharder.examples.hub.nginx.RunningNginx;
import dev.sharder.examples.hub.server.RunningHub;
import dev.sharder.examples.hub.server.RunningHub.HubAnswer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code deploy/nginx/proxy.conf} in a real nginx, with nothing changed but ports and folders. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ProxyBehindNginxTest {

  @TempDir private Path folder;

  @Test
  @DisplayName("nginx logs users in, the proxy finds their hubs, and no client names itself")
  void behindNginx() throws Exception {
    RunningNginx.assumeInstalled();
    try (MortalHub first = MortalHub.start("hub-1");
        MortalHub second = MortalHub.start("hub-2");
        RunningProxy proxy =
            RunningProxy.start(folder, List.of(first, second), "proxy-user-header: X-Remote-User");
        RunningNginx nginx = nginx(proxy)) {
      HubAnswer ada = get(nginx, "ada", "/a%2Fb//c?x=%20&y");
      assertThat(ada.body()).startsWith("hub-1 has /a%2Fb//c");
      assertThat(ada.body().toLowerCase())
          .contains("x-remote-user: ada\n", "x-forwarded-proto: http\n")
          .doesNotContain("authorization", "secret", "eve");
      assertThat(get(nginx, "bob", "/").body()).startsWith("hub-2 has /");
      proxy.move("ada", "hub-2");
      assertThat(get(nginx, "ada", "/").body()).startsWith("hub-2 has /");
      assertThat(get(nginx, "ada ", "/").status()).isEqualTo(401);
      String stranger =
          "GET / HTTP/1.1\r\nHost: h\r\nREMOTE_USER: ada\r\nConnection: close\r\n\r\n";
      assertThat(RunningHub.send(nginx.port(), stranger).status()).isEqualTo(401);
      first.die();
      second.die();
      HubAnswer away = get(nginx, "bob", "/");
      assertThat(away.status()).isIn(502, 503);
    }
  }

  private static HubAnswer get(RunningNginx nginx, String user, String target) throws Exception {
    return nginx.ask(
        user, "GET", target, "a=b", "REMOTE_USER: eve", "Remote-User: eve", "X-Remote-User: eve");
  }

  private RunningNginx nginx(RunningProxy proxy) throws Exception {
    Files.writeString(
        folder.resolve("sharder-secret.conf"),
        "proxy_set_header X-Sharder-Secret \"%s\";\n".formatted(RunningHub.SECRET));
    Files.copy(Path.of("deploy/nginx/identity.conf"), folder.resolve("identity.conf"));
    String deployed =
        DeployedSharder.inOneFolder(Files.readString(Path.of("deploy/nginx/proxy.conf")), ".");
    return RunningNginx.start(
        folder,
        port ->
            "daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log stderr warn;\n"
                + deployed
                    .replace("127.0.0.1:8000", "127.0.0.1:" + port)
                    .replace("127.0.0.1:8080", "127.0.0.1:" + proxy.proxy().port()));
  }
}
