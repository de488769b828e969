package dev.sharder.examples.hub.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("What a client asks for reaches the target byte for byte")
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ProxyLinksTest {

  private RawTarget target;
  private ProxyUnderTest proxy;

  @BeforeAll
  void start() throws IOException {
    target = RawTarget.answering(request -> RawTarget.ok(request.text()));
    proxy = ProxyUnderTest.before(target);
  }

  @AfterAll
  void stop() throws IOException {
    proxy.close();
    target.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/",
        "/a%2Fb%2f/%2F",
        "/%252F",
        "/a%20b",
        "//",
        "//a///b//",
        "/?",
        "/a?",
        "/a??",
        "/a?b?c",
        "/a?b=/../c//d",
        "/a;b=c;/d;",
        "/@ada/~bob/%40%7Ecy",
        "/a!$&'()*+,;=:@b?a!$&'()*+,;=:@/b",
        "/x?'",
        "/a|b{c}d^e\"f`g\\h<i>",
        "/a?|b{c}d^e\"f`g\\h<i>",
        "/[a]?[b]",
        "/a/../b/./c/..",
        "/%2e%2e/%2E/",
        "/a%",
        "/%zz/%1",
        "/%00%0d%0a",
        "/a+b?c+d=e%2Be&&=&a=1&a=2",
        "/http://other.example/?url=http://third.example/%3Fq",
        "/:80/",
        "/hub/user-redirect/git-pull?repo=https%3A%2F%2Fa.example%2Fb&urlpath=lab%2Ftree%2Fc&branch=d",
      })
  @DisplayName("and so do its path and query")
  void link(String link) throws IOException {
    assertThat(asked("GET " + link + " HTTP/1.1\r\nHost: hub\r\n"))
        .isEqualTo("GET " + link + " HTTP/1.1");
  }

  @Test
  @DisplayName("and so do bytes beyond ASCII, UTF-8 or not")
  void bytes() throws IOException {
    StringBuilder all = new StringBuilder("/caf\u00c3\u00a9/\u00e2\u0082\u00ac?\u00c3\u00a9=");
    for (char c = 0x80; c <= 0xff; c++) {
      all.append(c);
    }
    assertThat(asked("GET " + all + " HTTP/1.1\r\nHost: hub\r\n"))
        .isEqualTo("GET " + all + " HTTP/1.1");
  }

  @Test
  @DisplayName("and so does a link of 6,000 bytes")
  void longLink() throws IOException {
    String link = "/a?" + "b%2F".repeat(1_500);
    assertThat(asked("GET " + link + " HTTP/1.1\r\nHost: hub\r\n"))
        .isEqualTo("GET " + link + " HTTP/1.1");
  }

  @ParameterizedTest
  @CsvSource({
    "http://hub.example/a%2Fb??c, /a%2Fb??c",
    "http://hub.example:80//, //",
    "HTTP://hub.example, /",
    "http://hub.example?x, /?x",
  })
  @DisplayName("and a whole URL is asked for by its path, at the host that it names")
  void absolute(String url, String uri) throws IOException {
    RawHead seen = seen("GET " + url + " HTTP/1.1\r\nHost: other.example\r\n");
    assertThat(seen.uri()).isEqualTo(uri);
    assertThat(seen.value("Host")).startsWith("hub.example");
  }

  @Test
  @DisplayName("and so does the asterisk of OPTIONS")
  void asterisk() throws IOException {
    assertThat(asked("OPTIONS * HTTP/1.1\r\nHost: hub\r\n")).isEqualTo("OPTIONS * HTTP/1.1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET", "PATCH", "DELETE", "PROPFIND", "M-SEARCH", "X!#$%&'*+-.^_`|~9"})
  @DisplayName("and so does any method")
  void method(String method) throws IOException {
    assertThat(asked(method + " /a HTTP/1.1\r\nHost: hub\r\n")).isEqualTo(method + " /a HTTP/1.1");
  }

  @Test
  @DisplayName("and so do header fields, in their order and case, with empty and odd values")
  void fields() throws IOException {
    String fields =
        "Host: HUB.example:8000\r\n"
            + "cOOkie: a=\"b\"; c=d;; e\r\n"
            + "X-Empty:\r\n"
            + "X-Twice: 1\r\n"
            + "accept: */*\r\n"
            + "X-Twice: 2, 3\r\n"
            + "X-Bytes: caf\u00c3\u00a9 \u00e9\u00ff\r\n"
            + "Authorization: token =\r\n"
            + "!#$%&'*+-.^_`|~: \ta \t b\r\n";
    RawHead seen = seen("GET / HTTP/1.1\r\n" + fields);
    assertThat(seen.fields()).containsSubsequence(fields.lines().toList());
  }

  private String asked(String request) throws IOException {
    return seen(request).startLine();
  }

  /** Sends a request without a body and returns what the target saw of it. */
  private RawHead seen(String request) throws IOException {
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send(request + "\r\n");
      RawResponse response = client.response();
      assertThat(response.status()).isEqualTo(200);
      return new RawHead(response.body());
    }
  }
}
