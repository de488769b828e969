package dev.sharder.examples.hub.proxy.chp;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.URLEncoder;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;

/** Shows that the contract is that of configurable-http-proxy itself. */
@DisplayName("The API of npm's configurable-http-proxy")
class ReferenceRoutesApiTest extends RoutesApiContract {

  private static @Nullable ReferenceChp chp;

  @BeforeAll
  static void start() throws IOException {
    chp = ReferenceChp.start();
  }

  @AfterAll
  static void stop() {
    if (chp != null) {
      chp.close();
    }
  }

  @BeforeEach
  void removeRoutes() throws IOException {
    for (String path : paths("")) {
      String encoded = URLEncoder.encode(path.substring(1), UTF_8).replace("+", "%20");
      ask("DELETE", "/api/routes/" + encoded, "");
    }
  }

  @Override
  int port() {
    return Objects.requireNonNull(chp).apiPort();
  }
}
