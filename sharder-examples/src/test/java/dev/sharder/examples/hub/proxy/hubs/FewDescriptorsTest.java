package dev.sharder.examples.hub.proxy.hubs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.examples.hub.proxy.ProxyLimits;
import dev.sharder.examples.hub.proxy.Target;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** What a process with few file descriptors does, in one of its own. */
@EnabledOnOs(OS.LINUX)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FewDescriptorsTest {

  private static final String[] NAMES = {"127.0.0.1", "localhost", "no-such-hub.invalid"};

  @Test
  @DisplayName("leave room for the hubs, and are no reason to take a hub for down")
  void exhausted() throws Exception {
    try (MortalHub hub = MortalHub.start("hub-1")) {
      assertThat(said(hub.address().replaceAll(".*:", "")))
          .containsExactly("128 clients", "UP UP DOWN", "UNKNOWN UNKNOWN UNKNOWN");
    }
  }

  private static List<String> said(String port) throws Exception {
    Process process =
        new ProcessBuilder(
                "sh",
                "-c",
                "ulimit -n 1024; exec \"$@\"",
                "sh",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                SmallProcess.class.getName(),
                port)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      List<String> lines =
          new String(process.getInputStream().readAllBytes(), UTF_8).lines().toList();
      assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
      return lines;
    } finally {
      process.destroyForcibly();
    }
  }

  /** Checks a hub by several names, with descriptors to spare and without. */
  static final class SmallProcess {

    private SmallProcess() {}

    public static void main(String[] args) throws Exception {
      System.out.println(ProxyLimits.defaults().connectionsHere() + " clients");
      try (HealthCheck check = new HealthCheck(bin -> "/hub/health")) {
        System.out.println(states(check, args[0]));
        List<InputStream> all = takeAll();
        String without = states(check, args[0]);
        for (InputStream one : all) {
          one.close();
        }
        System.out.println(without);
      }
    }

    private static List<InputStream> takeAll() {
      List<InputStream> all = new ArrayList<>();
      try {
        while (true) {
          all.add(new FileInputStream("/dev/null"));
        }
      } catch (IOException none) {
        return all;
      }
    }

    private static String states(HealthCheck check, String port) throws Exception {
      List<String> states = new ArrayList<>();
      for (String name : NAMES) {
        Hub hub = new Hub("hub-1", Target.parse("http://" + name + ":" + port));
        states.add(check.of(hub).toCompletableFuture().get(30, TimeUnit.SECONDS).state().name());
      }
      return String.join(" ", states);
    }
  }
}
