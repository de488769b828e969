package dev.sharder.examples.hub.nginx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sharder.jdbc.FreePorts;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The real JupyterHub with its real proxy, where both are installed. Any name can log in. It starts
 * the real notebook server for each user, and shows its own name to browsers and kernels.
 */
public record RunningJupyterHub(Process process, int port, String base, Path folder)
    implements AutoCloseable {

  private static final Duration START_LIMIT = Duration.ofSeconds(60);
  private static final Duration STOP_LIMIT = Duration.ofSeconds(20);
  private static final List<String> PROGRAMS =
      List.of("jupyterhub", "configurable-http-proxy", "jupyterhub-singleuser");

  /** Skips the test where something is missing. */
  public static void assumeInstalled() {
    for (String program : PROGRAMS) {
      assumeTrue(
          Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
              .anyMatch(folder -> Files.isExecutable(Path.of(folder, program))),
          program
              + " is not installed; install jupyterhub (Debian's has all of it) to run this test");
    }
  }

  /** Starts one in an empty folder, and does not wait for it. */
  public static RunningJupyterHub launch(Path folder, String name, String base) throws IOException {
    return launch(folder, name, base, "", Map.of());
  }

  /** Starts one with more lines of configuration, and more environment. */
  public static RunningJupyterHub launch(
      Path folder, String name, String base, String more, Map<String, String> environment)
      throws IOException {
    Files.createDirectories(folder.resolve("tmp"));
    List<Integer> ports = FreePorts.next(3);
    Files.writeString(
        folder.resolve("jupyterhub_config.py"), config(folder, name, base, ports) + more);
    ProcessBuilder builder =
        new ProcessBuilder("jupyterhub")
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("jupyterhub.log").toFile());
    // Debian's modules, for a node that is not Debian's.
    builder.environment().putIfAbsent("NODE_PATH", "/usr/share/nodejs");
    builder.environment().put("TMPDIR", folder.resolve("tmp").toString());
    builder.environment().putAll(environment);
    return new RunningJupyterHub(builder.start(), ports.get(0), base, folder);
  }

  private static String config(Path folder, String name, String base, List<Integer> ports) {
    return """
        import os
        c.JupyterHub.bind_url = 'http://127.0.0.1:@PORT@@BASE@'
        c.JupyterHub.hub_bind_url = 'http://127.0.0.1:@HUB@'
        c.ConfigurableHTTPProxy.api_url = 'http://127.0.0.1:@API@'
        c.JupyterHub.authenticator_class = 'dummy'
        # Without this, no one can log in to JupyterHub 5.
        c.Authenticator.allow_all = True
        c.JupyterHub.spawner_class = 'simple'
        c.SimpleLocalProcessSpawner.home_dir_template = '@FOLDER@/home/{username}'
        c.Spawner.args = ['--allow-root']
        c.Spawner.environment = {'HUB_NAME': '@NAME@', 'TMPDIR': os.environ['TMPDIR']}
        c.JupyterHub.tornado_settings = {'headers': {'X-Hub-Name': '@NAME@'}}

        from jupyterhub.handlers import BaseHandler

        # Returns the users that the headers of a request claim.
        class Claims(BaseHandler):
            def get(self):
                names = ['Remote-User', 'Remote_User', 'X-Remote-User', 'X-Forwarded-User']
                self.write(','.join(filter(None, map(self.request.headers.get, names))) or 'nobody')

        c.JupyterHub.extra_handlers = [('/claims', Claims)]
        """
        .replace("@NAME@", name)
        .replace("@BASE@", base)
        .replace("@FOLDER@", folder.toString())
        .replace("@PORT@", ports.get(0).toString())
        .replace("@HUB@", ports.get(1).toString())
        .replace("@API@", ports.get(2).toString());
  }

  /** Waits until it shows its login page. */
  public void await() throws IOException, InterruptedException {
    Instant end = Instant.now().plus(START_LIMIT);
    while (!answers()) {
      // An end of the process is no reason to wait any longer; nor is a tight loop any help.
      boolean ended = process.waitFor(100, TimeUnit.MILLISECONDS);
      assertThat(!ended && Instant.now().isBefore(end)).as("%s", log()).isTrue();
    }
  }

  private boolean answers() throws IOException {
    URI login = URI.create("http://127.0.0.1:" + port + base + "hub/login");
    HttpURLConnection connection = (HttpURLConnection) login.toURL().openConnection();
    try {
      return connection.getResponseCode() == HttpURLConnection.HTTP_OK;
    } catch (IOException refused) {
      return false;
    } finally {
      connection.disconnect();
    }
  }

  private String log() throws IOException {
    return Files.readString(folder.resolve("jupyterhub.log"));
  }

  /** Ends it with its proxy and the servers of its users, which it ends itself if all is well. */
  @Override
  public void close() throws InterruptedException {
    List<ProcessHandle> children = process.descendants().toList();
    process.destroy();
    try {
      process.waitFor(STOP_LIMIT.toSeconds(), TimeUnit.SECONDS);
    } finally {
      process.destroyForcibly();
      children.forEach(ProcessHandle::destroyForcibly);
    }
    process.waitFor();
    children.forEach(child -> child.onExit().join());
  }
}
