package dev.sharder.examples.hub.proxy.chp;

import dev.sharder.examples.hub.proxy.Decision;
import dev.sharder.examples.hub.proxy.RequestHead;
import dev.sharder.examples.hub.proxy.Router;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sends clients to the same address by https, byte for byte. */
final class RedirectRouter implements Router {

  private static final int HTTPS = 443;
  private static final Pattern HOST =
      Pattern.compile("([A-Za-z0-9._~-]+|\\[[0-9A-Fa-f:.]+\\])(:[0-9]*)?");

  private final int port;

  /**
   * Creates a router.
   *
   * @param port where clients find https
   */
  RedirectRouter(int port) {
    this.port = port;
  }

  @Override
  public CompletionStage<Decision> route(RequestHead request) {
    return CompletableFuture.completedFuture(decide(request));
  }

  private Decision decide(RequestHead request) {
    Matcher host = HOST.matcher(request.host());
    if (!host.matches() || !request.uri().startsWith("/")) {
      return new Decision.Refuse(
          400, "Only https is spoken here, on port " + port + ", and no host was named.");
    }
    String origin = "https://" + host.group(1) + (port == HTTPS ? "" : ":" + port);
    boolean isRead = request.method().equals("GET") || request.method().equals("HEAD");
    return new Decision.Answer(
        // 301 would turn a POST into a GET.
        isRead ? 301 : 308, Map.of("Location", origin + request.uri()), ByteBuffer.allocate(0));
  }
}
