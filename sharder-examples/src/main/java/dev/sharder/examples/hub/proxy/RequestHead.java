package dev.sharder.examples.hub.proxy;

import io.netty.util.AsciiString;
import java.net.InetAddress;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The request line and the header fields of a request, as they came. Immutable. */
public final class RequestHead extends MessageHead {

  private static final String VERSION = "HTTP/1.";
  private static final int MOST_METHOD = 32;

  /** RFC 3986, section 3.2, without a user. */
  private static final Pattern HOST =
      Pattern.compile("([A-Za-z0-9._~%!$&'()*+,;=-]*|\\[[0-9A-Fa-f:.]+])(:[0-9]*)?");

  private static final int LONGEST_SHOWN = 200;
  private static final List<String> REPEATABLE =
      List.of("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE");

  private final String method;
  private final String uri;
  private final @Nullable String authority;
  private final boolean http11;
  private final boolean chunked;
  private final long length;
  private final InetAddress peer;
  private final boolean tls;

  /**
   * Reads a head.
   *
   * @param bytes the whole of it; each line ends in CR LF, and the last one is empty
   * @param peer the address that the request came from
   * @param tls whether it came by TLS
   */
  RequestHead(byte[] bytes, InetAddress peer, boolean tls) throws MalformedMessageException {
    super(bytes);
    this.peer = peer;
    this.tls = tls;
    int end = lineEnd(0);
    int methodEnd = 0;
    while (isToken(at(methodEnd))) {
      methodEnd++;
    }
    int uriEnd = methodEnd + 1;
    while (uriEnd < end && at(uriEnd) != ' ' && isText(at(uriEnd)) && at(uriEnd) != '\t') {
      uriEnd++;
    }
    if (methodEnd == 0
        || methodEnd > MOST_METHOD
        || at(methodEnd) != ' '
        || uriEnd == methodEnd + 1
        || at(uriEnd) != ' ') {
      throw new MalformedMessageException(
          "the request line is not a method, an address and a version with one blank between them");
    }
    this.method = text(0, methodEnd);
    this.http11 = isHttp11(text(uriEnd + 1, end));
    String target = text(methodEnd + 1, uriEnd);
    int path = pathStart(target);
    this.uri = path == 0 ? target : rooted(target.substring(path));
    this.authority = path == 0 ? null : target.substring(target.indexOf("://") + 3, path);
    this.chunked = isChunked();
    this.length = contentLength().orElse(0);
    checkHost();
  }

  private static boolean isHttp11(String version) throws MalformedMessageException {
    if (version.length() != VERSION.length() + 1 || !version.startsWith(VERSION)) {
      throw new MalformedMessageException(
          version.matches("HTTP/[0-9]\\.[0-9]") ? 505 : 400,
          "the version is neither HTTP/1.1 nor HTTP/1.0");
    }
    char minor = version.charAt(VERSION.length());
    if (minor < '0' || minor > '9') {
      throw new MalformedMessageException("the version is neither HTTP/1.1 nor HTTP/1.0");
    }
    return minor > '0';
  }

  /** Returns where the path begins in the address of a request: 0 unless the address is a URL. */
  private int pathStart(String target) throws MalformedMessageException {
    if (target.startsWith("/") || (target.equals("*") && method.equals("OPTIONS"))) {
      return 0;
    }
    if (target.regionMatches(true, 0, "http://", 0, 7)
        || target.regionMatches(true, 0, "https://", 0, 8)) {
      int start = target.indexOf("://") + 3;
      int end = start;
      while (end < target.length() && "/?#".indexOf(target.charAt(end)) < 0) {
        end++;
      }
      if (end > start) {
        return end;
      }
    }
    throw new MalformedMessageException(
        "the address in the request line does not begin with a slash");
  }

  private static String rooted(String path) {
    return path.startsWith("/") ? path : "/" + path;
  }

  private void checkHost() throws MalformedMessageException {
    int hosts = values("host").size();
    if (hosts > 1 || (hosts == 0 && http11)) {
      throw new MalformedMessageException("the request has not exactly one Host");
    }
    if (!HOST.matcher(host()).matches()) {
      throw new MalformedMessageException("the Host is not a name or address, and perhaps a port");
    }
  }

  /** Returns the method, such as GET. */
  public String method() {
    return method;
  }

  /**
   * Returns the path and query, each byte as a character (Latin-1), neither decoded nor normalized;
   * it begins with a slash, or is {@code *}.
   */
  public String uri() {
    return uri;
  }

  /** Returns the path alone, as {@link #uri()} has it. */
  public String path() {
    int query = uri.indexOf('?');
    return query < 0 ? uri : uri.substring(0, query);
  }

  /** Returns the method and the path for logs: short, and without what confuses a terminal. */
  String shown() {
    String path = path();
    String start = path.length() > LONGEST_SHOWN ? path.substring(0, LONGEST_SHOWN) + "..." : path;
    return method + " " + start.replaceAll("[^ -~]", "?");
  }

  /** Returns the host and port that were asked for; empty if an old client names none. */
  public String host() {
    String host = authority != null ? authority : value(FieldNames.HOST);
    return host == null ? "" : host;
  }

  /** Returns the value of the first field with this name, as Latin-1 characters; or null. */
  public @Nullable String header(String name) {
    return value(AsciiString.of(name).toLowerCase());
  }

  /** Returns the address that the request came from. */
  public InetAddress peer() {
    return peer;
  }

  /** Returns whether the request came by TLS. */
  public boolean isTls() {
    return tls;
  }

  @Override
  boolean isHttp11() {
    return http11;
  }

  /** Returns whether the request line holds a whole URL, whose host replaces the Host. */
  boolean isAbsolute() {
    return authority != null;
  }

  /** Returns whether the request asks for a websocket. */
  public boolean isWebSocket() {
    List<String> upgrades = values("upgrade");
    return method.equals("GET")
        && http11
        && !hasBody()
        && hasConnectionOption("upgrade")
        && upgrades.size() == 1
        && upgrades.get(0).equalsIgnoreCase("websocket");
  }

  boolean hasBody() {
    return chunked || length > 0;
  }

  /** Returns how the body is framed. */
  BodyDecoder body() {
    return chunked ? BodyDecoder.chunked() : BodyDecoder.ofLength(length);
  }

  boolean hasChunkedBody() {
    return chunked;
  }

  /** Returns whether sending the request twice does the same as sending it once. */
  boolean isRepeatable() {
    return !hasBody() && REPEATABLE.contains(method);
  }
}
