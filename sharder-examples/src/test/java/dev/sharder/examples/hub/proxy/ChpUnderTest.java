package dev.sharder.examples.hub.proxy;

import dev.sharder.examples.hub.proxy.chp.ReferenceChp;
import java.io.IOException;

/** The configurable-http-proxy from npm, where it is installed. */
record ChpUnderTest(ReferenceChp chp) implements ProxyUnderTest {

  /** Starts it with a default route to a port, or skips the test. */
  static ChpUnderTest before(int target) throws IOException {
    return new ChpUnderTest(ReferenceChp.start("--default-target", "http://127.0.0.1:" + target));
  }

  @Override
  public int port() {
    return chp.port();
  }

  @Override
  public void close() {
    chp.close();
  }
}
