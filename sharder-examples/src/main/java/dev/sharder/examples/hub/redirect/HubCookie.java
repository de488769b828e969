package dev.sharder.examples.hub.redirect;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sharder.InvalidValueException;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.HeaderValues;
import io.undertow.util.Headers;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Clock;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The cookie that names a user's hub. Signed, it is {@code bin.expires.mac}: the end of its life in
 * seconds since 1970, and in base64url the HMAC-SHA-256 of both and of the user, so that it is
 * valid for this user only, and for a limited time.
 *
 * @param domain the domain that it is for; empty for the host that was asked
 * @param maxAge how many seconds it lives; empty for as long as the browser runs
 * @param sameSite Lax, Strict or None
 * @param keys the secrets to sign with; the first signs, all are believed; empty to sign nothing
 * @param clock the clock for expiry
 */
public record HubCookie(
    Optional<String> domain, OptionalLong maxAge, String sameSite, List<String> keys, Clock clock) {

  public static final String NAME = "hub";

  /** What follows the name of the hub in a signed one, as a regular expression. */
  public static final String SIGNATURE = "\\.[1-9][0-9]{0,11}\\.[A-Za-z0-9_-]{43}";

  /** The default lifetime of a signed cookie, in seconds. */
  private static final long SIGNED_AGE = 4 * 60 * 60;

  private static final long LONGEST_AGE = 400L * 24 * 60 * 60;
  private static final int SHORTEST_KEY = 32;
  private static final String HMAC = "HmacSHA256";
  private static final Pattern DOMAIN = Pattern.compile("\\.?[A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)+");
  private static final Pattern SENT = Pattern.compile("(?i)(?:^|[;,\\s])" + NAME + "\\s*=([^;]*)");
  private static final Set<String> SAME_SITE = Set.of("Lax", "Strict", "None");

  /** The result of checking a cookie that the browser sent. */
  public enum CookieVerdict {
    RIGHT("is right"),
    STALE("names another hub, as of a user who was moved"),
    EXPIRED("has expired"),
    FORGED("was not signed here for this user"),
    AMBIGUOUS("came more than once");

    private final String words;

    CookieVerdict(String words) {
      this.words = words;
    }

    @Override
    public String toString() {
      return words;
    }
  }

  /**
   * Refuses values that no browser would accept, and keys that could be guessed.
   *
   * @throws InvalidValueException if a value is refused; the message begins with its setting
   */
  public HubCookie {
    keys = List.copyOf(keys);
    domain.ifPresent(HubCookie::checkDomain);
    if (maxAge.isPresent() && (maxAge.getAsLong() < 1 || maxAge.getAsLong() > LONGEST_AGE)) {
      throw new InvalidValueException(
          "cookie-max-age %d is not a number of seconds from 1 to %d, the most that browsers accept"
              .formatted(maxAge.getAsLong(), LONGEST_AGE));
    }
    if (!SAME_SITE.contains(sameSite)) {
      throw new InvalidValueException(
          "cookie-same-site '%s' is unknown; use Lax, Strict, or None for frames of other sites"
              .formatted(sameSite));
    }
    if (keys.stream().anyMatch(key -> key.length() < SHORTEST_KEY)) {
      throw new InvalidValueException(
          "cookie-keys has a key of fewer than %d characters, which could be guessed; make one with 'openssl rand -base64 32'"
              .formatted(SHORTEST_KEY));
    }
    if (!keys.isEmpty() && maxAge.isEmpty()) {
      maxAge = OptionalLong.of(SIGNED_AGE);
    }
  }

  private static void checkDomain(String domain) {
    if (!DOMAIN.matcher(domain).matches()) {
      throw new InvalidValueException(
          "cookie-domain '%s' is not a domain; write it like example.org".formatted(domain));
    }
  }

  boolean isSigned() {
    return !keys.isEmpty();
  }

  /** Sets the cookie for the user. */
  public void set(HttpServerExchange exchange, String user, String bin) {
    StringBuilder cookie = new StringBuilder(NAME).append('=').append(value(user, bin));
    domain.ifPresent(name -> cookie.append("; Domain=").append(name));
    cookie.append("; Path=/");
    maxAge.ifPresent(seconds -> cookie.append("; Max-Age=").append(seconds));
    // No browser keeps one for frames of other sites that could be read on the way.
    if (sameSite.equals("None") || cameByHttps(exchange)) {
      cookie.append("; Secure");
    }
    cookie.append("; HttpOnly; SameSite=").append(sameSite);
    exchange.getResponseHeaders().put(Headers.SET_COOKIE, cookie.toString());
  }

  private static boolean cameByHttps(HttpServerExchange exchange) {
    String scheme = exchange.getRequestHeaders().getFirst(Headers.X_FORWARDED_PROTO);
    return scheme != null && scheme.toLowerCase(Locale.ROOT).startsWith("https");
  }

  /** Returns the value of the cookie for a user and their bin. */
  public String value(String user, String bin) {
    if (keys.isEmpty()) {
      return bin;
    }
    long expires = clock.instant().getEpochSecond() + maxAge.orElseThrow();
    return bin + "." + expires + "." + mac(keys.get(0), bin, expires, user);
  }

  /**
   * Returns the values that nginx might take for the one that was sent, as they came. Which of
   * several nginx uses is unspecified: it accepts spaces before the equals sign, commas between
   * cookies and any case of the name.
   */
  static List<String> sent(HttpServerExchange exchange) {
    return headers(exchange)
        .flatMap(header -> SENT.matcher(header).results())
        .map(found -> found.group(1))
        .toList();
  }

  /** The cookie of exactly this name that the browser sent; of several the first. */
  public static Optional<String> sent(HttpServerExchange exchange, String name) {
    return headers(exchange)
        .flatMap(header -> Pattern.compile(";").splitAsStream(header))
        .map(String::strip)
        .filter(pair -> pair.startsWith(name + "="))
        .map(pair -> pair.substring(name.length() + 1))
        .findFirst();
  }

  private static Stream<String> headers(HttpServerExchange exchange) {
    HeaderValues headers = exchange.getRequestHeaders().get(Headers.COOKIE);
    return headers == null ? Stream.empty() : headers.stream();
  }

  /** Checks the cookies that a user of a bin sent; empty if there are none. */
  Optional<CookieVerdict> judge(List<String> sent, String user, String bin) {
    if (sent.size() > 1) {
      return Optional.of(CookieVerdict.AMBIGUOUS);
    }
    // nginx passes an empty value if the browser sent no cookie.
    return sent.stream()
        .filter(one -> !one.isEmpty())
        .findFirst()
        .map(one -> judge(one, user, bin));
  }

  /** Checks one cookie that a user of a bin sent. */
  CookieVerdict judge(String sent, String user, String bin) {
    if (keys.isEmpty()) {
      return sent.equals(bin) ? CookieVerdict.RIGHT : CookieVerdict.STALE;
    }
    int second = sent.lastIndexOf('.');
    int first = sent.lastIndexOf('.', second - 1);
    if (first < 0 || !sent.substring(first).matches(SIGNATURE)) {
      return CookieVerdict.FORGED;
    }
    String named = sent.substring(0, first);
    long expires = Long.parseLong(sent.substring(first + 1, second));
    byte[] mac = sent.substring(second + 1).getBytes(ISO_8859_1);
    if (keys.stream().noneMatch(key -> isMac(mac, key, named, expires, user))) {
      return CookieVerdict.FORGED;
    }
    if (clock.instant().getEpochSecond() >= expires) {
      return CookieVerdict.EXPIRED;
    }
    return named.equals(bin) ? CookieVerdict.RIGHT : CookieVerdict.STALE;
  }

  private static boolean isMac(byte[] mac, String key, String bin, long expires, String user) {
    return MessageDigest.isEqual(mac, mac(key, bin, expires, user).getBytes(ISO_8859_1));
  }

  /** The user comes last: neither a bin nor a number can have a line break to shift the rest by. */
  private static String mac(String key, String bin, long expires, String user) {
    try {
      Mac mac = Mac.getInstance(HMAC);
      mac.init(new SecretKeySpec(key.getBytes(UTF_8), HMAC));
      byte[] sum = mac.doFinal((bin + "\n" + expires + "\n" + user).getBytes(UTF_8));
      return Base64.getUrlEncoder().withoutPadding().encodeToString(sum);
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException("every Java has HmacSHA256", impossible);
    }
  }
}
