package dev.sharder.examples.hub.nginx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.examples.hub.server.RunningHub;
import io.undertow.Undertow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The nginx of {@code deploy/docker}, started as its container starts it. */
@Timeout(120)
class ContainerNginxTest {

  @TempDir private Path folder;

  @Test
  void itPassesOverASharderThatIsGoneAndFollowsTheHubs() throws Exception {
    RunningNginx.assumeInstalled();
    List<Undertow> hubs = new ArrayList<>();
    for (String name : List.of("hub-1", "hub-2", "hub-3")) {
      hubs.add(EchoHub.start(name));
    }
    try (RunningHub sharder = RunningHub.start(database(), configuration(hubs.subList(0, 2)));
        RunningNginx nginx = start(sharder)) {
      assertThat(nginx.ask("ada", "GET", "/x", "").body()).isEqualTo("hub-1 has /x of nobody");
      assertThat(nginx.ask("bob", "GET", "/x", "").body()).isEqualTo("hub-2 has /x of nobody");
      command("bin", "add", "hub-3", "--label", "address=" + address(hubs.get(2)));
      command("move", "ada", "hub-3");
      await(() -> nginx.ask("ada", "GET", "/x", "").body().equals("hub-3 has /x of nobody"));
    } finally {
      hubs.forEach(Undertow::stop);
    }
  }

  private Path configuration(List<Undertow> hubs) throws IOException {
    return Files.writeString(
        folder.resolve("sharder.yml"),
        """
        nginx-map: '%s'
        proxy-secrets: [%s]
        bins:
        - {name: hub-1, labels: {address: '%s'}}
        - {name: hub-2, labels: {address: '%s'}}
        """
            .formatted(
                folder.resolve("hubs.conf"),
                RunningHub.SECRET,
                address(hubs.get(0)),
                address(hubs.get(1))));
  }

  private RunningNginx start(RunningHub sharder) throws IOException {
    Path deploy = Path.of("").toAbsolutePath().resolve("deploy");
    String deployed = Files.readString(deploy.resolve("nginx/authoritative.conf"));
    Files.copy(deploy.resolve("nginx/identity.conf"), folder.resolve("identity.conf"));
    Path conf =
        Files.writeString(
            folder.resolve("authoritative.conf"),
            // Where root runs it, another user could not read the folder of a test.
            "user root;\nerror_log stderr warn;\n"
                + DeployedSharder.inOneFolder(deployed, folder.toString()));
    return RunningNginx.run(
        folder,
        (program, port) -> {
          ProcessBuilder command =
              new ProcessBuilder(
                  "sh",
                  deploy.resolve("docker/nginx.sh").toString(),
                  conf.toString(),
                  folder.resolve("hubs.conf").toString(),
                  folder.resolve("run").toString());
          command
              .environment()
              .merge("PATH", program.getParent().toString(), (a, b) -> a + ":" + b);
          command.environment().put("LISTEN", "127.0.0.1:" + port);
          // Nothing is at the first address.
          command.environment().put("SHARDERS", "127.0.0.1:1 127.0.0.1:" + sharder.port());
          command.environment().put("SHARDER_PROXY_SECRETS", RunningHub.SECRET + ",another");
          command.environment().put("DEMO_PASSWORD", "secret");
          command.environment().put("PAUSE", "0.1");
          return command;
        });
  }

  private static void await(Callable<Boolean> condition) throws Exception {
    long start = System.nanoTime();
    while (!condition.call()) {
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(20));
    }
  }

  private void command(String... arguments) {
    RunningHub.command(database(), arguments);
  }

  private static String address(Undertow hub) {
    return "127.0.0.1:" + RunningNginx.portOf(hub);
  }

  private String database() {
    return "jdbc:sqlite:" + folder.resolve("sharder.db");
  }
}
