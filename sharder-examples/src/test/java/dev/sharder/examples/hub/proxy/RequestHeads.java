package dev.sharder.examples.hub.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.InetAddress;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Makes heads of requests, for tests outside the package. */
public final class RequestHeads {

  private RequestHeads() {}

  /** Returns the head of a request from this machine, without TLS; characters are bytes. */
  public static RequestHead of(String method, String uri, String host) {
    String head = "%s %s HTTP/1.1\r\nHost: %s\r\n\r\n".formatted(method, uri, host);
    return read(head.getBytes(ISO_8859_1), InetAddress.getLoopbackAddress());
  }

  /** Returns the head of a GET from this machine, with these lines. */
  public static RequestHead get(String uri, String... fields) {
    return from(InetAddress.getLoopbackAddress(), uri, fields);
  }

  /** Returns the head of a GET from an address, with these lines. */
  public static RequestHead from(InetAddress peer, String uri, String... fields) {
    String head =
        Stream.concat(Stream.of("GET " + uri + " HTTP/1.1", "Host: hub.example"), Stream.of(fields))
            .collect(Collectors.joining("\r\n", "", "\r\n\r\n"));
    return read(head.getBytes(UTF_8), peer);
  }

  private static RequestHead read(byte[] head, InetAddress peer) {
    try {
      return new RequestHead(head, peer, false);
    } catch (MalformedMessageException malformed) {
      throw new IllegalArgumentException(new String(head, ISO_8859_1), malformed);
    }
  }
}
