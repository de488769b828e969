package dev.sharder.examples.hub.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What every proxy does, so that it is the proxy and not the test that fails elsewhere. */
@DisplayName("As a check of these tests, other proxies")
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ReferenceProxiesTest {

  /** The proxies that are installed on some machines. */
  enum Reference {
    CONFIGURABLE_HTTP_PROXY {
      @Override
      ProxyUnderTest before(RawTarget target) throws IOException {
        return ChpUnderTest.before(target.port());
      }
    },
    NGINX {
      @Override
      ProxyUnderTest before(RawTarget target) throws IOException {
        return NginxUnderTest.before(target.port());
      }
    };

    abstract ProxyUnderTest before(RawTarget target) throws IOException;
  }

  @ParameterizedTest
  @EnumSource(Reference.class)
  @DisplayName("carry requests with their bodies, and answers with theirs")
  void requests(Reference reference) throws IOException {
    try (RawTarget target = RawTarget.running(ReferenceProxiesTest::echo);
        ProxyUnderTest proxy = reference.before(target);
        RawConnection client = RawConnection.to(proxy.port())) {
      String head = "POST /a%2Fb?c HTTP/1.1\r\nHost: hub\r\n";
      client.send(head + "Content-Length: 5\r\n\r\nhello");
      assertThat(client.response().body()).isEqualTo("/a%2Fb?c hello");
      client.send(head + "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n");
      assertThat(client.response().body()).isEqualTo("/a%2Fb?c hello");
    }
  }

  private static void echo(RawConnection connection) throws IOException {
    while (true) {
      RawHead head = connection.head();
      connection.send(RawTarget.ok(head.uri() + " " + connection.body(head)));
    }
  }

  @ParameterizedTest
  @EnumSource(Reference.class)
  @DisplayName("carry the frames of a websocket")
  void webSockets(Reference reference) throws IOException {
    try (RawTarget target = RawTarget.running(ReferenceProxiesTest::greet);
        ProxyUnderTest proxy = reference.before(target);
        RawConnection client = RawConnection.to(proxy.port())) {
      client.send(RawHandshake.REQUEST);
      assertThat(client.head().status()).isEqualTo(101);
      client.send(RawFrame.ofClient(RawFrame.TEXT, "hello").bytes());
      assertThat(RawFrame.read(client).text()).isEqualTo("hello");
    }
  }

  private static void greet(RawConnection connection) throws IOException {
    connection.head();
    connection.send(RawHandshake.ACCEPTED + "\r\n");
    RawFrame frame = RawFrame.read(connection);
    connection.send(RawFrame.ofServer(RawFrame.TEXT, frame.text()).bytes());
    connection.toEnd();
  }

  @ParameterizedTest
  @EnumSource(Reference.class)
  @DisplayName("answer two lengths with 400, and let nothing through")
  void framing(Reference reference) throws IOException {
    try (RawTarget target = RawTarget.answering(request -> RawTarget.ok("hi"));
        ProxyUnderTest proxy = reference.before(target);
        RawConnection client = RawConnection.to(proxy.port())) {
      client.send("POST / HTTP/1.1\r\nHost: hub\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n");
      assertThat(client.head().status()).isEqualTo(400);
      assertThat(target.connections()).isEmpty();
    }
  }
}
