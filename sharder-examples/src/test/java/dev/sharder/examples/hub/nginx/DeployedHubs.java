package dev.sharder.examples.hub.nginx;

import dev.sharder.examples.hub.nginx.DeployedSharder.DeployedWay;
import io.undertow.Undertow;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Two hubs behind a deployed sharder and its nginx, for each test anew. */
abstract class DeployedHubs {

  @TempDir Path folder;

  Undertow one;
  Undertow two;
  private Optional<DeployedSharder> deployed = Optional.empty();

  @BeforeEach
  void startHubs() {
    one = EchoHub.start("hub-1");
    two = EchoHub.start("hub-2");
  }

  /** Starts the sharder and its nginx; they are stopped after the test. */
  DeployedSharder start(DeployedWay way, String... settings) throws IOException {
    DeployedSharder started =
        DeployedSharder.start(
            folder, way, List.of(RunningNginx.portOf(one), RunningNginx.portOf(two)), settings);
    deployed = Optional.of(started);
    return started;
  }

  @AfterEach
  void stopAll() throws InterruptedException {
    if (deployed.isPresent()) {
      deployed.get().close();
    }
    one.stop();
    two.stop();
  }
}
