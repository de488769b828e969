package dev.sharder.examples.hub.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("A request whose end is in doubt")
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RequestFramingTest {

  private static final String HIDDEN = "GET /hidden HTTP/1.1\r\nHost: hub\r\n\r\n";
  private static final String POST = "POST / HTTP/1.1\r\nHost: hub\r\n";
  private static final String CHUNKED = "Transfer-Encoding: chunked\r\n";
  private static final String LAST = "0\r\n\r\n";
  private static final Duration SOON = Duration.ofSeconds(3);

  private RawTarget target;
  private ProxyUnderTest proxy;

  @BeforeAll
  void start() throws IOException {
    target = RawTarget.answering(request -> RawTarget.ok(request.uri()));
    proxy = ProxyUnderTest.before(target);
  }

  @AfterAll
  void stop() throws IOException {
    proxy.close();
    target.close();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource({"lengths", "encodings", "fields", "firstLines"})
  @DisplayName("in its head is 400, the connection closes, and the target sees nothing")
  void head(String name, String request) throws IOException {
    int before = target.requests();
    assertRefused(request);
    assertThat(target.requests()).isEqualTo(before);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("chunks")
  @DisplayName("in its chunks is 400, the connection closes, and the target sees nothing hidden")
  void body(String name, String body) throws IOException {
    assertRefused(POST + CHUNKED + "\r\n" + body);
    assertThat(target.received()).doesNotContain("hidden");
  }

  private void assertRefused(String request) throws IOException {
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send(request);
      assertThat(client.head().startLine()).startsWith("HTTP/1.1 400 ");
      assertThat(client.endWithin(SOON)).isNotEqualTo(RawConnection.End.OPEN);
      assertThat(client.received()).doesNotContain("200 OK");
    }
  }

  private static Arguments length(String name, String length) {
    return arguments(name, POST + length + "\r\n" + HIDDEN);
  }

  static Stream<Arguments> lengths() {
    return Stream.of(
        length("two lengths", "Content-Length: 0\r\nContent-Length: 5\r\n"),
        length("two equal lengths", "Content-Length: 5\r\nContent-Length: 5\r\n"),
        length("a list of lengths", "Content-Length: 5, 5\r\n"),
        length("a list of different lengths", "Content-Length: 0, 5\r\n"),
        length("a length and chunked", "Content-Length: 5\r\n" + CHUNKED),
        length("chunked and a length", CHUNKED + "Content-Length: 0\r\n"),
        length("a length with a plus", "Content-Length: +0\r\n"),
        length("a length with a minus", "Content-Length: -1\r\n"),
        length("a hexadecimal length", "Content-Length: 0x0\r\n"),
        length("a length with a point", "Content-Length: 0.0\r\n"),
        length("a length with letters before it", "Content-Length: a0\r\n"),
        length("a length with letters after it", "Content-Length: 0a\r\n"),
        length("a length with a blank in it", "Content-Length: 0 0\r\n"),
        length("a length in quotes", "Content-Length: \"0\"\r\n"),
        length("no length in the field", "Content-Length:\r\n"),
        length("a length of commas", "Content-Length: ,0\r\n"),
        length("a length beyond 64 bits", "Content-Length: 18446744073709551616\r\n"),
        length("a length beyond 63 bits", "Content-Length: 9223372036854775808\r\n"),
        length("a length of 40 digits", "Content-Length: " + "9".repeat(40) + "\r\n"),
        length("a length in digits beyond ASCII", "Content-Length: \u00d9\u00a0\r\n"),
        length("a length with a no-break space", "Content-Length: 0\u00a0\r\n"),
        length("a length with a form feed", "Content-Length: \f0\r\n"));
  }

  static Stream<Arguments> encodings() {
    return Stream.of(
        length("xchunked", "Transfer-Encoding: xchunked\r\n"),
        length("chunked, identity", "Transfer-Encoding: chunked, identity\r\n"),
        length("identity", "Transfer-Encoding: identity\r\n"),
        length("identity and a length", "Transfer-Encoding: identity\r\nContent-Length: 0\r\n"),
        length("gzip, chunked", "Transfer-Encoding: gzip, chunked\r\n"),
        length("chunked, chunked", "Transfer-Encoding: chunked, chunked\r\n"),
        length("chunked twice", CHUNKED + CHUNKED),
        length("chunked and identity", CHUNKED + "Transfer-Encoding: identity\r\n"),
        length("chunked in quotes", "Transfer-Encoding: \"chunked\"\r\n"),
        length("chunked with a parameter", "Transfer-Encoding: chunked;q=1\r\n"),
        length("chunked before a comma", "Transfer-Encoding: chunked,\r\n"),
        length("chunked after a comma", "Transfer-Encoding: ,chunked\r\n"),
        length("chunked after a vertical tab", "Transfer-Encoding: \u000bchunked\r\n"),
        length("chunked before a no-break space", "Transfer-Encoding: chunked\u00a0\r\n"),
        length("no encoding in the field", "Transfer-Encoding:\r\n"),
        length("no encoding, and a length", "Transfer-Encoding:\r\nContent-Length: 0\r\n"),
        length("chunked on a folded line", "Transfer-Encoding:\r\n chunked\r\n"),
        arguments(
            "chunked in HTTP/1.0",
            "POST / HTTP/1.0\r\nHost: hub\r\n" + CHUNKED + "\r\n" + LAST + HIDDEN));
  }

  private static Arguments field(String name, String field) {
    return arguments(name, "GET / HTTP/1.1\r\nHost: hub\r\n" + field + "\r\n" + HIDDEN);
  }

  static Stream<Arguments> fields() {
    return Stream.of(
        field("a folded line", "X-A: b\r\n c\r\n"),
        field("a folded line with a tab", "X-A: b\r\n\tc\r\n"),
        arguments(
            "a blank before the first field",
            "GET / HTTP/1.1\r\n X-A: b\r\nHost: hub\r\n\r\n" + HIDDEN),
        field("a line of one blank", " \r\n"),
        field("a NUL in a name", "X\0A: b\r\n"),
        field("a NUL in a value", "X-A: b\0c\r\n"),
        field("a control character in a value", "X-A: b\u0001c\r\n"),
        field("a DEL in a value", "X-A: b\u007fc\r\n"),
        field("a bare LF after a value", "X-A: b\nX-C: d\r\n"),
        field("a bare LF before the empty line", "X-A: b\n"),
        field("a bare CR in a value", "X-A: b\rc\r\n"),
        field("a bare CR in a name", "X-A\r: b\r\n"),
        field("two CR before LF", "X-A: b\r\r\n"),
        field("a blank before the colon", "X-A : b\r\n"),
        field("a tab before the colon", "X-A\t: b\r\n"),
        field("a blank before the colon of a length", "Content-Length : 5\r\n"),
        field("a blank before the colon of an encoding", "Transfer-Encoding : chunked\r\n"),
        field("a blank in a name", "X A: b\r\n"),
        field("no colon", "X-A\r\n"),
        field("no name", ": b\r\n"),
        field("brackets in a name", "X(A): b\r\n"),
        field("a byte beyond ASCII in a name", "X-\u00e9: b\r\n"),
        field("two hosts", "Host: other\r\n"),
        arguments("two hosts in one", "GET / HTTP/1.1\r\nHost: a, b/..@c d\r\n\r\n" + HIDDEN),
        arguments("a path in a host", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n" + HIDDEN),
        arguments("a user in a host", "GET / HTTP/1.1\r\nHost: u@hub\r\n\r\n" + HIDDEN),
        arguments("no number as a port", "GET / HTTP/1.1\r\nHost: hub:x\r\n\r\n" + HIDDEN),
        arguments(
            "a user in a whole URL", "GET http://u:p@hub/ HTTP/1.1\r\nHost: hub\r\n\r\n" + HIDDEN),
        arguments("no host", "GET / HTTP/1.1\r\nX-A: b\r\n\r\n" + HIDDEN),
        arguments("line feeds alone", "GET / HTTP/1.1\nHost: hub\n\n" + HIDDEN),
        arguments(
            "a line feed alone at the very end", "GET / HTTP/1.1\r\nHost: hub\r\n\n" + HIDDEN));
  }

  private static Arguments line(String name, String line) {
    return arguments(name, line + "\r\nHost: hub\r\n\r\n" + HIDDEN);
  }

  static Stream<Arguments> firstLines() {
    return Stream.of(
        line("two blanks after the method", "GET  / HTTP/1.1"),
        line("two blanks before the version", "GET /  HTTP/1.1"),
        line("a blank after the version", "GET / HTTP/1.1 "),
        line("a blank before the method", " GET / HTTP/1.1"),
        line("a blank in the address", "GET /a b HTTP/1.1"),
        line("a tab after the method", "GET\t/ HTTP/1.1"),
        line("a tab before the version", "GET /\tHTTP/1.1"),
        line("a tab in the address", "GET /a\tb HTTP/1.1"),
        line("a NUL in the address", "GET /a\0b HTTP/1.1"),
        line("a CR in the address", "GET /a\rb HTTP/1.1"),
        line("a DEL in the address", "GET /a\u007fb HTTP/1.1"),
        line("a control character in the method", "G\u0001T / HTTP/1.1"),
        line("brackets in the method", "G(T / HTTP/1.1"),
        line("no method", "/ HTTP/1.1"),
        line("no address", "GET HTTP/1.1"),
        line("no version", "GET /"),
        line("a version in lower case", "GET / http/1.1"),
        line("a version of one number", "GET / HTTP/1"),
        line("a version of three numbers", "GET / HTTP/1.1.1"),
        line("a version with a letter", "GET / HTTP/1.x"),
        line("a version with zeros", "GET / HTTP/01.1"),
        line("an address without a slash", "GET a HTTP/1.1"),
        line("an address of another scheme", "GET ftp://hub/ HTTP/1.1"),
        line("an asterisk without OPTIONS", "GET * HTTP/1.1"),
        line("a tunnel to a host", "CONNECT other:443 HTTP/1.1"));
  }

  static Stream<Arguments> chunks() {
    return Stream.of(
        arguments("a size that overflows", "10000000000000000\r\n" + LAST + HIDDEN),
        arguments("a size of sixteen digits", "ffffffffffffffff\r\n" + LAST + HIDDEN),
        arguments("a size that is negative", "-1\r\n" + LAST + HIDDEN),
        arguments("a size with a plus", "+0\r\n\r\n" + HIDDEN),
        arguments("a size with 0x", "0x0\r\n\r\n" + HIDDEN),
        arguments("a size with letters after it", "0g\r\n\r\n" + HIDDEN),
        arguments("a size with a blank before it", " 0\r\n\r\n" + HIDDEN),
        arguments("no size", "\r\n" + LAST + HIDDEN),
        arguments("an extension without a size", ";a=b\r\n" + LAST + HIDDEN),
        arguments("a bare LF after a size", "0\n\r\n" + HIDDEN),
        arguments("a bare LF in an extension", "0;a\nb\r\n\r\n" + HIDDEN),
        arguments("a bare CR in an extension", "0;a\rb\r\n\r\n" + HIDDEN),
        arguments("a NUL in an extension", "0;a\0b\r\n\r\n" + HIDDEN),
        arguments("a bare LF after a chunk", "1\r\na\n" + LAST + HIDDEN),
        arguments("two bytes instead of CR LF after a chunk", "1\r\naXX" + LAST + HIDDEN),
        arguments("no CR LF after a chunk", "1\r\na" + LAST + HIDDEN),
        arguments("a longer chunk than its size says", "1\r\nab\r\n" + LAST + HIDDEN),
        arguments("a bare LF at the very end", "0\r\n\n" + HIDDEN),
        arguments("a trailer without a colon", "0\r\nX-A\r\n\r\n" + HIDDEN),
        arguments("a trailer without a name", "0\r\n: a\r\n\r\n" + HIDDEN),
        arguments("a folded trailer", "0\r\nX-A: a\r\n b\r\n\r\n" + HIDDEN),
        arguments("a bare LF after a trailer", "0\r\nX-A: a\n\r\n" + HIDDEN),
        arguments("a blank before the colon of a trailer", "0\r\nX-A : a\r\n\r\n" + HIDDEN));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Transfer-Encoding: chunked",
        "transfer-encoding: Chunked",
        "TRANSFER-ENCODING:CHUNKED",
        "Transfer-Encoding:\t chunked \t",
      })
  @DisplayName("is not one that says chunked in any case, with blanks around it")
  void chunkedInAnyCase(String field) throws IOException {
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send(POST + field + "\r\n\r\n");
      client.send("5\r\nhello\r\n" + LAST);
      assertThat(client.response().body()).isEqualTo("/");
      client.send("GET /next HTTP/1.1\r\nHost: hub\r\n\r\n");
      assertThat(client.response().body()).isEqualTo("/next");
    }
    target.check();
  }

  @Test
  @DisplayName("is not one with an empty line before it, which may be refused all the same")
  void emptyLineBefore() throws IOException {
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send("\r\nGET /next HTTP/1.1\r\nHost: hub\r\n\r\n");
      assertThat(client.head().status()).isIn(200, 400);
    }
  }

  @Test
  @DisplayName("is not one behind an empty line that comes in two pieces, whatever came before it")
  void emptyLineInPieces() throws IOException {
    // Line feeds wherever the memory of a piece may have been used before.
    String body = "\n".repeat(60_000);
    try (RawConnection client = RawConnection.to(proxy.port())) {
      for (int i = 0; i < 50; i++) {
        client.send(POST + "Content-Length: " + body.length() + "\r\n\r\n" + body);
        assertThat(client.response().body()).isEqualTo("/");
        client.send("\r");
        assertThat(client.isSilentFor(Duration.ofMillis(5))).isTrue();
        client.send("\n");
        assertThat(client.isSilentFor(Duration.ofMillis(5))).isTrue();
      }
    }
    target.check();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "00005\r\nhello\r\n00000\r\n\r\n",
        "5;name=value;other=\"a;b\"\r\nhello\r\n0;last\r\n\r\n",
        "2\r\nhe\r\n3\r\nllo\r\n0\r\nX-Sum: a:b\r\nX-Empty:\r\n\r\n",
      })
  @DisplayName("is not one with extensions, zeros before sizes, or trailers")
  void oddChunks(String body) throws IOException {
    try (RawConnection client = RawConnection.to(proxy.port())) {
      client.send(POST + CHUNKED + "\r\n" + body);
      assertThat(client.response().body()).isEqualTo("/");
      client.send("GET /next HTTP/1.1\r\nHost: hub\r\n\r\n");
      assertThat(client.response().body()).isEqualTo("/next");
    }
    target.check();
  }
}
