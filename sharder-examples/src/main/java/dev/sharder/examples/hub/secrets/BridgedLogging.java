package dev.sharder.examples.hub.secrets;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.logging.LogManager;
import org.slf4j.bridge.SLF4JBridgeHandler;

/**
 * The configuration of {@code java.util.logging}, which makes it when a program first uses that
 * log: its lines, with the user's input, go to ours.
 */
public final class BridgedLogging {

  /** Configures it. */
  public BridgedLogging() throws IOException {
    String handler = "handlers=" + SLF4JBridgeHandler.class.getName();
    LogManager.getLogManager()
        .readConfiguration(new ByteArrayInputStream(handler.getBytes(StandardCharsets.ISO_8859_1)));
  }
}
