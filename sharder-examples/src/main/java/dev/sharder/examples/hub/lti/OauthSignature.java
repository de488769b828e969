package dev.sharder.examples.hub.lti;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Comparator.comparing;

import java.net.URI;
import java.net.URLEncoder;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.Locale;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The HMAC-SHA1 signature of a form that is posted, by RFC 5849, section 3.4.
 *
 * <p>Of the libraries for OAuth 1.0a that are kept, none makes the base string of any form:
 * signpost and google-oauth-client lose a field that is there twice with one value, scribejava
 * sorts names before they are encoded. So it is written here, down to the MAC, which is Java's.
 */
final class OauthSignature {

  static final String METHOD = "HMAC-SHA1";
  private static final String SIGNATURE = "oauth_signature";
  private static final String MAC = "HmacSHA1";

  private OauthSignature() {}

  /** Signs with the secret of a consumer, and no token. */
  static String of(URI url, LaunchForm form, String secret) {
    try {
      Mac mac = Mac.getInstance(MAC);
      mac.init(new SecretKeySpec((encoded(secret) + "&").getBytes(UTF_8), MAC));
      return Base64.getEncoder().encodeToString(mac.doFinal(base(url, form).getBytes(UTF_8)));
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException("every Java has " + MAC, impossible);
    }
  }

  /** What is signed: the method, the URL and the fields. */
  static String base(URI url, LaunchForm form) {
    return "POST&" + encoded(normalized(url)) + "&" + encoded(normalized(form));
  }

  private static String normalized(URI url) {
    String scheme = url.getScheme().toLowerCase(Locale.ROOT);
    int usual = scheme.equals("https") ? 443 : 80;
    String port = url.getPort() < 0 || url.getPort() == usual ? "" : ":" + url.getPort();
    String path = url.getRawPath().isEmpty() ? "/" : url.getRawPath();
    return scheme + "://" + url.getHost().toLowerCase(Locale.ROOT) + port + path;
  }

  /** Sorted by what they are once encoded, so that every byte counts alike. */
  private static String normalized(LaunchForm form) {
    return form.fields().stream()
        .filter(field -> !field.name().equals(SIGNATURE))
        .map(field -> new LaunchForm.FormField(encoded(field.name()), encoded(field.value())))
        .sorted(comparing(LaunchForm.FormField::name).thenComparing(LaunchForm.FormField::value))
        .map(field -> field.name() + "=" + field.value())
        .collect(Collectors.joining("&"));
  }

  /** All but letters, digits, '-', '.', '_' and '~' as percent and two capital digits. */
  static String encoded(String text) {
    return URLEncoder.encode(text, UTF_8)
        .replace("+", "%20")
        .replace("*", "%2A")
        .replace("%7E", "~");
  }
}
