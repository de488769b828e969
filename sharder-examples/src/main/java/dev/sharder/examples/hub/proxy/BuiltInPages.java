package dev.sharder.examples.hub.proxy;

import io.undertow.util.StatusCodes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Plain pages of HTML that say what is wrong. */
public final class BuiltInPages implements ErrorPages {

  private static final String HTML =
      """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width">
      <title>%1$s</title>
      <style>body { font: 1rem/1.5 sans-serif; max-width: 40rem; margin: 4rem auto; padding: 0 1rem }</style>
      </head>
      <body>
      <h1>%1$s</h1>
      <p>%2$s</p>
      </body>
      </html>
      """;

  private static final char LAST_ASCII = 0x7e;

  /** Creates the pages. */
  public BuiltInPages() {}

  @Override
  public CompletionStage<Decision.Answer> page(int status, String reason, String uri) {
    String title = status + ": " + StatusCodes.getReason(status);
    return CompletableFuture.completedFuture(
        html(status, HTML.formatted(escaped(title), escaped(reason))));
  }

  /** Returns a page of HTML. */
  public static Decision.Answer html(int status, String page) {
    return html(status, page.getBytes(StandardCharsets.UTF_8));
  }

  /** Returns a page of HTML. */
  public static Decision.Answer html(int status, byte[] page) {
    return new Decision.Answer(
        status,
        Map.of("Content-Type", "text/html", "Cache-Control", "no-store"),
        ByteBuffer.wrap(page));
  }

  /** Writes all but letters, digits and the like by number, so it is never markup or misread. */
  private static String escaped(String text) {
    StringBuilder escaped = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              if (c < ' ' || c > LAST_ASCII || "<>&\"'".indexOf(c) >= 0) {
                escaped.append("&#").append(c).append(';');
              } else {
                escaped.append((char) c);
              }
            });
    return escaped.toString();
  }
}
