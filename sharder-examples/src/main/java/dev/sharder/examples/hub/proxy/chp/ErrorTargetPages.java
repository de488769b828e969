package dev.sharder.examples.hub.proxy.chp;

import dev.sharder.InvalidValueException;
import dev.sharder.examples.hub.http.BoundedFetch;
import dev.sharder.examples.hub.http.ThrottledLog;
import dev.sharder.examples.hub.proxy.BuiltInPages;
import dev.sharder.examples.hub.proxy.Decision;
import dev.sharder.examples.hub.proxy.ErrorPages;
import dev.sharder.examples.hub.proxy.Target;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContext;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Pages of another server, such as the hub: it is asked for {@code /404?url=…}. If it does not
 * answer in time, or too many such requests are under way, the page is a built-in one.
 */
final class ErrorTargetPages implements ErrorPages {

  private static final Logger log = LoggerFactory.getLogger(ErrorTargetPages.class);

  private static final Duration LIMIT = Duration.ofSeconds(5);
  private static final int MOST_BYTES = 1024 * 1024;
  private static final int MOST_AT_A_TIME = 100;
  private static final List<String> KEPT = List.of("Content-Type", "Content-Encoding");

  private final String base;
  private final BoundedFetch fetch;
  private final ErrorPages builtIn = new BuiltInPages();
  private final Semaphore room = new Semaphore(MOST_AT_A_TIME);
  private final ThrottledLog failures = new ThrottledLog(log);

  /**
   * Creates the pages.
   *
   * @param target a URL, to which the status is added
   * @param tls how it is spoken to if that is https
   * @throws InvalidValueException if it is no URL of a server
   */
  ErrorTargetPages(String target, SslContext tls) {
    this.base = target.endsWith("/") ? target : target + "/";
    check(target);
    this.fetch =
        new BoundedFetch(
            HttpClient.newBuilder().sslContext(((JdkSslContext) tls).context()), LIMIT, MOST_BYTES);
  }

  @Override
  public CompletionStage<Decision.Answer> page(int status, String reason, String uri) {
    HttpRequest request = request(status, uri);
    if (!room.tryAcquire()) {
      return builtIn.page(status, reason, uri);
    }
    return fetch
        .send(request)
        .whenComplete((answer, failure) -> room.release())
        .thenApply(answer -> answer(status, answer))
        .exceptionallyCompose(
            failure -> {
              failures.warn("no error page from {}: {}", base, String.valueOf(failure.getCause()));
              return builtIn.page(status, reason, uri);
            });
  }

  private void check(String target) {
    try {
      if (!Target.parse(target).isUnix()) {
        request(404, "/");
        return;
      }
    } catch (IllegalArgumentException unusable) {
      // Refused below, as a socket is.
    }
    throw new InvalidValueException(
        "'%s' cannot be asked for error pages; name an http or https URL without underscores in its host"
            .formatted(target));
  }

  private HttpRequest request(int status, String uri) {
    // The address is bytes, each as a character.
    String url = URLEncoder.encode(uri, StandardCharsets.ISO_8859_1);
    return HttpRequest.newBuilder(URI.create(base + status + "?url=" + url)).build();
  }

  private static Decision.Answer answer(int status, HttpResponse<byte[]> answer) {
    Map<String, String> headers = new LinkedHashMap<>();
    for (String name : KEPT) {
      answer.headers().firstValue(name).ifPresent(value -> headers.put(name, value));
    }
    headers.put("Cache-Control", "no-store");
    return new Decision.Answer(status, headers, ByteBuffer.wrap(answer.body()));
  }
}
