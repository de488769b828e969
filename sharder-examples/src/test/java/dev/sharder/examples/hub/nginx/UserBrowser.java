package dev.sharder.examples.hub.nginx;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.CookieManager;
import java.net.HttpCookie;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The browser of one user, with cookies and connections of its own; at nginx, one who has logged in
 * there.
 */
public final class UserBrowser {

  private static final Duration TIME_LIMIT = Duration.ofSeconds(30);
  private static final int MOST_REDIRECTS = 20;
  private static final Pattern FORM = Pattern.compile("<form [^>]*action=\"([^\"]*)\"");
  private static final Pattern HIDDEN =
      Pattern.compile("<input type=\"hidden\" name=\"([^\"]*)\" value=\"([^\"]*)\"");

  private final String user;
  private final URI site;
  private final List<String> identity;
  private final CookieManager cookies = new CookieManager();
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).cookieHandler(cookies).build();

  public UserBrowser(String user, RunningNginx nginx) {
    this(user, nginx.port(), "Authorization", RunningNginx.authorization(user));
  }

  /** Creates one that asks a port of this machine, with header fields that say who the user is. */
  public UserBrowser(String user, int port, String... identity) {
    this.user = user;
    this.site = URI.create("http://127.0.0.1:" + port);
    this.identity = List.of(identity);
  }

  public String user() {
    return user;
  }

  /** Asks once and follows nothing; headers are names and values in turn. */
  public HttpResponse<String> get(String target, String... headers) throws Exception {
    return send(request(target, headers).GET().build());
  }

  /** Asks, and goes wherever it is sent, as a user sees it. */
  public HttpResponse<String> open(String target) throws Exception {
    HttpResponse<String> answer = get(target);
    for (int i = 0; location(answer).isPresent(); i++) {
      assertThat(i).as("sent round in circles: %s", answer.uri()).isLessThan(MOST_REDIRECTS);
      answer = get(location(answer).get());
    }
    return answer;
  }

  /** Fills in the hub's login form, and follows nothing. */
  public HttpResponse<String> logIn(HttpResponse<String> page) throws Exception {
    Matcher form = FORM.matcher(page.body());
    assertThat(form.find()).as("no form at %s: %s", page.uri(), page.body()).isTrue();
    StringBuilder fields = new StringBuilder("username=" + user + "&password=secret");
    Matcher hidden = HIDDEN.matcher(page.body());
    while (hidden.find()) {
      fields.append('&').append(hidden.group(1)).append('=').append(encoded(hidden.group(2)));
    }
    return send(
        request(
                form.group(1).replace("&amp;", "&"),
                "Content-Type",
                "application/x-www-form-urlencoded")
            .POST(BodyPublishers.ofString(fields.toString()))
            .build());
  }

  /** Posts as the page of a notebook does, with the token from its cookie. */
  public HttpResponse<String> post(String target, String json) throws Exception {
    return send(
        request(target, "X-XSRFToken", cookie("_xsrf", target), "Content-Type", "application/json")
            .POST(BodyPublishers.ofString(json))
            .build());
  }

  /** Asks as a script of a page does, with the token from its cookie. */
  public <T> HttpResponse<T> script(
      String method,
      String target,
      HttpRequest.BodyPublisher body,
      HttpResponse.BodyHandler<T> take)
      throws Exception {
    return client.send(
        request(
                target,
                "X-XSRFToken",
                cookieIfAny("_xsrf", target),
                "Content-Type",
                "application/json",
                "Referer",
                site + "/hub/home")
            .method(method, body)
            .build(),
        take);
  }

  /** Opens a websocket as a page of this site does. */
  public WebSocket socket(String target, WebSocket.Listener listener) throws Exception {
    WebSocket.Builder builder = client.newWebSocketBuilder().header("Origin", site.toString());
    for (int i = 0; i < identity.size(); i += 2) {
      builder.header(identity.get(i), identity.get(i + 1));
    }
    return builder
        .buildAsync(URI.create(site.toString().replace("http:", "ws:") + target), listener)
        .get(TIME_LIMIT.toSeconds(), TimeUnit.SECONDS);
  }

  /** The cookie that goes with a request, the most particular one if there are many. */
  public String cookie(String name, String target) {
    return found(name, target).orElseThrow(() -> new AssertionError("no cookie " + name));
  }

  private String cookieIfAny(String name, String target) {
    return found(name, target).orElse("none");
  }

  private Optional<String> found(String name, String target) {
    return cookies.getCookieStore().getCookies().stream()
        .filter(cookie -> cookie.getName().equals(name) && target.startsWith(cookie.getPath()))
        .sorted(Comparator.comparing((HttpCookie cookie) -> cookie.getPath().length()).reversed())
        .map(HttpCookie::getValue)
        .findFirst();
  }

  public void keepCookie(String name, String value) {
    HttpCookie cookie = new HttpCookie(name, value);
    cookie.setPath("/");
    cookie.setVersion(0);
    cookies.getCookieStore().add(site, cookie);
  }

  public void forgetCookie(String name) {
    List.copyOf(cookies.getCookieStore().getCookies()).stream()
        .filter(cookie -> cookie.getName().equals(name))
        .forEach(cookie -> cookies.getCookieStore().remove(site, cookie));
  }

  /** Where an answer sends the browser, unchanged. */
  public static Optional<String> location(HttpResponse<String> answer) {
    return answer.statusCode() / 100 == 3
        ? answer.headers().firstValue("Location")
        : Optional.empty();
  }

  private HttpRequest.Builder request(String target, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(
                target.startsWith("/") ? URI.create(site + target) : URI.create(target))
            .timeout(TIME_LIMIT);
    if (!identity.isEmpty()) {
      request.headers(identity.toArray(String[]::new));
    }
    return headers.length == 0 ? request : request.headers(headers);
  }

  private HttpResponse<String> send(HttpRequest request) throws IOException, InterruptedException {
    return client.send(request, BodyHandlers.ofString());
  }

  private static String encoded(String value) {
    return URLEncoder.encode(value, StandardCharsets.UTF_8);
  }

  /** One end of a websocket that keeps what comes. */
  public static final class Messages implements WebSocket.Listener {

    private final BlockingQueue<String> messages = new LinkedBlockingQueue<>();
    private final StringBuilder begun = new StringBuilder();

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
      begun.append(part);
      if (last) {
        messages.add(begun.toString());
        begun.setLength(0);
      }
      socket.request(1);
      return null;
    }

    /** The first message that says this. */
    public String await(String saying) throws InterruptedException {
      long end = System.nanoTime() + TIME_LIMIT.toNanos();
      while (true) {
        String message = messages.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
        assertThat(message).as("no message says %s", saying).isNotNull();
        if (message.contains(saying)) {
          return message;
        }
      }
    }
  }
}
