package dev.sharder.examples.hub.lti;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.net.URI;
import java.net.URLEncoder;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("A launch by LTI 1.1 is taken only as it was signed")
@Timeout(30)
class OauthLaunchFuzzTest {

  private static final Instant NOW = Instant.parse("2027-01-01T00:00:00Z");
  private static final URI URL = URI.create("https://hub.example.org/hub/lti/launch");
  private static final Lti11Consumer CONSUMER =
      new Lti11Consumer("moodle", "a secret of the consumer");

  private static final OauthLaunchVerifier LAUNCHES =
      new OauthLaunchVerifier(
          LtiSettings.of(URL.toString(), List.of(CONSUMER), null, null),
          URL,
          Clock.fixed(NOW, ZoneOffset.UTC));

  /** The one launch that the consumer signed; the kept inputs have it too. */
  private static final LaunchForm SIGNED =
      signed(
          LaunchForm.parse(
              "user_id=ada&resource_link_id=link&roles=Learner%2CInstructor&lti_version=LTI-1p0"
                  + "&lti_message_type=basic-lti-launch-request&oauth_consumer_key=moodle"
                  + "&oauth_nonce=7&oauth_timestamp="
                  + NOW.getEpochSecond()
                  + "&oauth_signature_method=HMAC-SHA1&oauth_version=1.0"));

  private static LaunchForm signed(LaunchForm form) {
    String signature = OauthSignature.of(URL, form, CONSUMER.secret());
    return form.and(
        new LaunchForm(List.of(new LaunchForm.FormField("oauth_signature", signature))));
  }

  /** The input is what was posted. */
  @FuzzTest
  void isTakenOnlyAsItWasSigned(byte[] input) {
    LaunchForm form;
    try {
      form = LaunchForm.parse(new String(input, UTF_8));
    } catch (RefusedLaunchException noForm) {
      return;
    }
    assertThat(LaunchForm.parse(printed(form))).isEqualTo(form);
    if (sorted(form).equals(sorted(SIGNED))) {
      assertThat(LAUNCHES.verify(form).user()).isEqualTo("ada");
    } else {
      assertThatThrownBy(() -> LAUNCHES.verify(form)).isInstanceOf(RefusedLaunchException.class);
    }
    checkOnceSigned(signed(without(form, "oauth_signature")));
  }

  @Test
  @DisplayName("the largest form with one field again and again is read at once")
  void aLargeFormIsReadAtOnce() {
    String fields = printed(without(SIGNED, "oauth_signature")) + "&a".repeat(120_000);
    assertThat(LAUNCHES.verify(signed(LaunchForm.parse(fields))).user()).isEqualTo("ada");
  }

  /** A consumer that signs anything at all is refused, or names exactly one user, now. */
  private static void checkOnceSigned(LaunchForm form) {
    LtiLaunch launch;
    try {
      launch = LAUNCHES.verify(form);
    } catch (RefusedLaunchException refused) {
      return;
    }
    assertThat(values(form, "user_id")).containsExactly(launch.user());
    assertThat(values(form, "oauth_consumer_key")).containsExactly(CONSUMER.key());
    assertThat(launch.platform()).isEqualTo(CONSUMER.key());
    assertThat(launch.nonce()).endsWith(values(form, "oauth_nonce").get(0));
    assertThat(Long.parseLong(values(form, "oauth_timestamp").get(0)))
        .isBetween(NOW.getEpochSecond() - 300, NOW.getEpochSecond() + 300);
    List<LaunchForm.FormField> more = new ArrayList<>(form.fields());
    more.add(new LaunchForm.FormField("roles", "Administrator"));
    assertThatThrownBy(() -> LAUNCHES.verify(new LaunchForm(more)))
        .isInstanceOf(RefusedLaunchException.class);
  }

  private static LaunchForm without(LaunchForm form, String name) {
    return new LaunchForm(
        form.fields().stream().filter(field -> !field.name().equals(name)).toList());
  }

  private static List<String> values(LaunchForm form, String name) {
    return form.fields().stream()
        .filter(field -> field.name().equals(name))
        .map(LaunchForm.FormField::value)
        .toList();
  }

  private static List<LaunchForm.FormField> sorted(LaunchForm form) {
    return form.fields().stream()
        .sorted(
            Comparator.comparing(LaunchForm.FormField::name)
                .thenComparing(LaunchForm.FormField::value))
        .toList();
  }

  private static String printed(LaunchForm form) {
    return form.fields().stream()
        .map(field -> encoded(field.name()) + "=" + encoded(field.value()))
        .collect(Collectors.joining("&"));
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, UTF_8);
  }
}
