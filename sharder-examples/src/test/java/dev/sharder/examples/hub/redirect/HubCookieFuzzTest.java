package dev.sharder.examples.hub.redirect;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.sharder.examples.FuzzInput;
import dev.sharder.examples.hub.redirect.HubCookie.CookieVerdict;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;

@DisplayName("A cookie is right only if it was signed here, for exactly this user and hub")
class HubCookieFuzzTest {

  private static final Clock NOW =
      Clock.fixed(Instant.parse("2027-01-01T00:00:00Z"), ZoneOffset.UTC);
  private static final Duration AGE = Duration.ofHours(1);
  private static final List<String> KEYS = List.of("new".repeat(11), "old".repeat(11));

  private static final HubCookie SIGNED = cookie(KEYS, NOW);
  private static final Pattern FORM = Pattern.compile("(?s)(.*)\\.(\\d{1,12})\\.[\\w-]+");

  private static HubCookie cookie(List<String> keys, Clock clock) {
    return new HubCookie(Optional.empty(), OptionalLong.of(AGE.toSeconds()), "Lax", keys, clock);
  }

  /** The lines are a cookie, a user and a hub. */
  @FuzzTest
  void isBelievedOnlyIfItWasSignedHere(byte[] input) {
    List<String> parts = FuzzInput.parts(input, 3, UTF_8);
    String sent = parts.get(0);
    String user = parts.get(1);
    String bin = parts.get(2);
    CookieVerdict verdict = SIGNED.judge(sent, user, bin);
    assertThat(verdict).isEqualTo(rightly(sent, user, bin));
    String own = SIGNED.value(user, bin);
    assertThat(SIGNED.judge(own, user, bin)).isEqualTo(CookieVerdict.RIGHT);
    assertThat(SIGNED.judge(own, user + "x", bin)).isEqualTo(CookieVerdict.FORGED);
    assertThat(SIGNED.judge(own, user, bin + "x")).isEqualTo(CookieVerdict.STALE);
    assertThat(SIGNED.judge(own, "x" + user, bin)).isEqualTo(CookieVerdict.FORGED);
  }

  /** By what would have been signed at that time for that hub, byte for byte. */
  private static CookieVerdict rightly(String sent, String user, String bin) {
    Matcher form = FORM.matcher(sent);
    if (!form.matches()) {
      return CookieVerdict.FORGED;
    }
    Instant expires = Instant.ofEpochSecond(Long.parseLong(form.group(2)));
    Clock then = Clock.fixed(expires.minus(AGE), ZoneOffset.UTC);
    boolean isOurs =
        KEYS.stream()
            .anyMatch(key -> cookie(List.of(key), then).value(user, form.group(1)).equals(sent));
    if (!isOurs) {
      return CookieVerdict.FORGED;
    }
    if (!expires.isAfter(NOW.instant())) {
      return CookieVerdict.EXPIRED;
    }
    return form.group(1).equals(bin) ? CookieVerdict.RIGHT : CookieVerdict.STALE;
  }
}
