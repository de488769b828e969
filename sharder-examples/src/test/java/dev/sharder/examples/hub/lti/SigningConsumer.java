package dev.sharder.examples.hub.lti;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sharder.examples.hub.server.RunningHub;
import java.io.IOException;
import java.net.URLEncoder;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** A learning platform that launches by LTI 1.1, as one of its teachers has set it up. */
public record SigningConsumer(String key, String secret, String url) {

  public static final String URL = "https://hub.example.org/hub/lti/launch";

  public static SigningConsumer known() {
    return new SigningConsumer("lms", "s&cr=t", URL);
  }

  /** What a launch says before it is signed: now, and once. */
  public Map<String, String> launch(String user) {
    Map<String, String> fields = new TreeMap<>();
    fields.put("lti_message_type", "basic-lti-launch-request");
    fields.put("lti_version", "LTI-1p0");
    fields.put("resource_link_id", "link-1");
    fields.put("user_id", user);
    fields.put("context_title", "Söme course: 1 + 1 = 2 & more~*");
    fields.put("lis_outcome_service_url", "https://lms.example.org/outcome?a=b&c=d");
    fields.put("oauth_callback", "about:blank");
    fields.put("oauth_consumer_key", key);
    fields.put("oauth_nonce", UUID.randomUUID().toString());
    fields.put("oauth_signature_method", "HMAC-SHA1");
    fields.put("oauth_timestamp", String.valueOf(Instant.now().getEpochSecond()));
    fields.put("oauth_version", "1.0");
    return fields;
  }

  /** The form as it is posted. */
  public String signed(Map<String, String> fields) {
    Map<String, String> all = new TreeMap<>(fields);
    all.put("oauth_signature", signature(fields));
    return all.entrySet().stream()
        .map(field -> form(field.getKey()) + "=" + form(field.getValue()))
        .collect(Collectors.joining("&"));
  }

  private static String form(String text) {
    return URLEncoder.encode(text, UTF_8);
  }

  /** Names that differ within letters and underscores are sorted alike, encoded or not. */
  private String signature(Map<String, String> fields) {
    String parameters =
        fields.entrySet().stream()
            .map(field -> rfc3986(field.getKey()) + "=" + rfc3986(field.getValue()))
            .collect(Collectors.joining("&"));
    String base = "POST&" + rfc3986(url) + "&" + rfc3986(parameters);
    try {
      Mac mac = Mac.getInstance("HmacSHA1");
      mac.init(new SecretKeySpec((rfc3986(secret) + "&").getBytes(UTF_8), "HmacSHA1"));
      return Base64.getEncoder().encodeToString(mac.doFinal(base.getBytes(UTF_8)));
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private static String rfc3986(String text) {
    StringBuilder encoded = new StringBuilder();
    for (byte octet : text.getBytes(UTF_8)) {
      boolean plain = "-._~".indexOf(octet) >= 0 || (octet < 0x80 && octet > 0 && isPlain(octet));
      encoded.append(plain ? String.valueOf((char) octet) : "%%%02X".formatted(octet & 0xff));
    }
    return encoded.toString();
  }

  private static boolean isPlain(byte octet) {
    return Character.isLetterOrDigit(octet);
  }

  /** Posts a form and reads what comes back. */
  public static RunningHub.HubAnswer post(int port, String target, String body, String... headers)
      throws IOException {
    String head =
        "POST %s HTTP/1.1\r\nHost: evil.example\r\n".formatted(target)
            + "Content-Type: application/x-www-form-urlencoded\r\n"
            + "Content-Length: %d\r\nConnection: close\r\n".formatted(body.getBytes(UTF_8).length)
            + Arrays.stream(headers).map(header -> header + "\r\n").collect(Collectors.joining());
    return RunningHub.send(port, head + "\r\n" + body);
  }
}
