package dev.sharder.examples.hub.proxy;

import java.io.IOException;

/**
 * The proxy that a test asks. The system property {@code proxy.under.test} chooses ours, or {@code
 * chp} or {@code nginx}, which show whether a test asks too much; both fail some.
 */
interface ProxyUnderTest extends AutoCloseable {

  int port();

  @Override
  void close();

  /** Starts it before a target on this machine. */
  static ProxyUnderTest before(RawTarget target) throws IOException {
    return before(target.port());
  }

  /** Starts it before a target on this machine. */
  static ProxyUnderTest before(int port) throws IOException {
    return switch (System.getProperty("proxy.under.test", "ours")) {
      case "chp" -> ChpUnderTest.before(port);
      case "nginx" -> NginxUnderTest.before(port);
      default -> OurProxy.withDefaults().before(port);
    };
  }
}
