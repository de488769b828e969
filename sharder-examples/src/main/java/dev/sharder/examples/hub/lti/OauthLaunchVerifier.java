package dev.sharder.examples.hub.lti;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URI;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Proves launches by LTI 1.1: signed by a consumer that is known, in these minutes. */
final class OauthLaunchVerifier {

  /** How far the clocks of a platform and of this machine may be apart, the way included. */
  static final Duration WINDOW = Duration.ofMinutes(5);

  private static final String PROTOCOL = "oauth_";

  private final LtiSettings settings;
  private final URI url;
  private final Clock clock;

  OauthLaunchVerifier(LtiSettings settings, URI url, Clock clock) {
    this.settings = settings;
    this.url = url;
    this.clock = clock;
  }

  LtiLaunch verify(LaunchForm form) {
    Lti11Consumer consumer = consumer(form.require("oauth_consumer_key"));
    String nonce = form.require("oauth_nonce");
    checkForm(form);
    checkSignature(form, consumer);
    String timestamp = checkTimestamp(form.require("oauth_timestamp"));
    checkMessage(form);
    return new LtiLaunch(
        consumer.key(),
        timestamp + ' ' + nonce,
        LtiLaunch.checkUser(settings.user(), form.get(settings.user()).orElse("")),
        form.get("resource_link_id").orElse(""),
        parameters(form));
  }

  private Lti11Consumer consumer(String key) {
    return settings.consumers().stream()
        .filter(known -> known.key().equals(key))
        .findFirst()
        .orElseThrow(
            () ->
                RefusedLaunchException.unproven(
                    "the consumer key of the launch is not among lti-consumers"));
  }

  private static void checkForm(LaunchForm form) {
    if (!form.require("oauth_signature_method").equals(OauthSignature.METHOD)) {
      throw RefusedLaunchException.malformed(
          "the launch is not signed by " + OauthSignature.METHOD + "; have the platform do so");
    }
    if (!form.get("oauth_version").orElse("1.0").equals("1.0")) {
      throw RefusedLaunchException.malformed("the launch has another oauth_version than 1.0");
    }
  }

  private void checkSignature(LaunchForm form, Lti11Consumer consumer) {
    String sent = form.require("oauth_signature");
    String right = OauthSignature.of(url, form, consumer.secret());
    if (!MessageDigest.isEqual(right.getBytes(UTF_8), sent.getBytes(UTF_8))) {
      throw RefusedLaunchException.unproven(
          "the signature of the launch is wrong; see that the platform has the secret of its key,"
              + " and launches to lti-url");
    }
  }

  private String checkTimestamp(String sent) {
    long now = clock.instant().getEpochSecond();
    if (!sent.matches("[0-9]{1,15}") || Math.abs(now - Long.parseLong(sent)) > WINDOW.toSeconds()) {
      throw RefusedLaunchException.unproven(
          "the launch was not made within the last %d minutes; launch again, and check the clocks"
              .formatted(WINDOW.toMinutes()));
    }
    return sent;
  }

  private static void checkMessage(LaunchForm form) {
    if (!form.require("lti_message_type").equals("basic-lti-launch-request")
        || !Set.of("LTI-1p0", "LTI-1p1", "LTI-1p2").contains(form.require("lti_version"))) {
      throw RefusedLaunchException.malformed("the message is not a launch by LTI 1.0 to 1.2");
    }
  }

  /** A field that is there several times is a list. */
  private static String parameters(LaunchForm form) {
    Map<String, List<String>> all = new LinkedHashMap<>();
    for (LaunchForm.FormField field : form.fields()) {
      if (!field.name().startsWith(PROTOCOL)) {
        all.computeIfAbsent(field.name(), name -> new ArrayList<>()).add(field.value());
      }
    }
    Map<String, Object> parameters = new LinkedHashMap<>();
    all.forEach(
        (name, values) -> parameters.put(name, values.size() == 1 ? values.get(0) : values));
    return LaunchJson.write(parameters);
  }
}
