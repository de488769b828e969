package dev.sharder.examples.hub.proxy.chp;

import java.io.IOException;
import org.junit.jupiter.api.DisplayName;

/** Shows that the contract is that of configurable-http-proxy itself. */
@DisplayName("npm's configurable-http-proxy")
class ReferenceChpTest extends ChpContract {

  @Override
  ProxyUnderTest launch(String... options) throws IOException {
    return ReferenceChp.start(options);
  }

  /** It hears the client's end alone. */
  @Override
  boolean countsWhatTargetsSend() {
    return false;
  }
}
