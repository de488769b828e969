package dev.sharder.examples.hub.lti;

import static java.util.stream.Collectors.toMap;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.jwk.source.RateLimitReachedException;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import dev.sharder.examples.hub.http.ThrottledLog;
import java.text.ParseException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Proves what platforms say: signed by RS256 with a key of theirs, for this tool, just now. Keys
 * are fetched when first needed and kept for minutes; one that is not known has them fetched again,
 * twice in half a minute at most.
 */
final class IdTokenVerifier {

  private static final Logger log = LoggerFactory.getLogger(IdTokenVerifier.class);

  /** How far the clocks of a platform and of this machine may be apart. */
  private static final Duration SKEW = Duration.ofMinutes(1);

  /** The longest that a login may take, regardless of the token's expiry. */
  private static final Duration OLDEST = Duration.ofMinutes(10);

  private static final long FETCH_INTERVAL_MILLIS = 30_000;
  private static final Set<String> REQUIRED = Set.of("exp", "iat", "nonce");

  /** What a platform said that is proven. */
  record Proven(Lti13Platform platform, JWTClaimsSet claims) {}

  private final Map<Lti13Platform, DefaultJWTProcessor<SecurityContext>> processors;
  private final Clock clock;
  private final ThrottledLog failures = new ThrottledLog(log);

  /** Those whose keys were fetched. */
  private final Set<Lti13Platform> reached = ConcurrentHashMap.newKeySet();

  IdTokenVerifier(List<Lti13Platform> platforms, Clock clock) {
    this.clock = clock;
    processors = platforms.stream().collect(toMap(Function.identity(), IdTokenVerifier::processor));
  }

  private static DefaultJWTProcessor<SecurityContext> processor(Lti13Platform platform) {
    DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();
    processor.setJWSKeySelector(
        new JWSVerificationKeySelector<>(JWSAlgorithm.RS256, keys(platform)));
    DefaultJWTClaimsVerifier<SecurityContext> claims =
        new DefaultJWTClaimsVerifier<>(
            platform.clientId(),
            new JWTClaimsSet.Builder().issuer(platform.issuer()).build(),
            REQUIRED);
    claims.setMaxClockSkew((int) SKEW.toSeconds());
    processor.setJWTClaimsSetVerifier(claims);
    return processor;
  }

  private static JWKSource<SecurityContext> keys(Lti13Platform platform) {
    return JWKSourceBuilder.create(new PlatformKeys(platform.jwksUrl()))
        .refreshAheadCache(false)
        .rateLimited(FETCH_INTERVAL_MILLIS)
        .build();
  }

  /**
   * Proves a token, but for its nonce.
   *
   * @throws RefusedLaunchException if it is wrong in any way
   */
  Proven verify(String token) {
    try {
      SignedJWT signed = SignedJWT.parse(token);
      Lti13Platform platform = platform(signed.getJWTClaimsSet());
      JWTClaimsSet claims = processed(signed, platform);
      checkAge(claims.getIssueTime().toInstant());
      checkParty(claims, platform);
      return new Proven(platform, claims);
    } catch (ParseException | BadJOSEException | JOSEException wrong) {
      log.debug("the id_token is wrong", wrong);
      throw RefusedLaunchException.unproven(
          "the id_token is not signed with a key of the platform for this tool, or has expired");
    }
  }

  /** Returns the platform that the token names, which is not proven yet. */
  private Lti13Platform platform(JWTClaimsSet claimed) {
    return processors.keySet().stream()
        .filter(platform -> platform.issuer().equals(claimed.getIssuer()))
        .filter(platform -> claimed.getAudience().contains(platform.clientId()))
        .findFirst()
        .orElseThrow(
            () ->
                RefusedLaunchException.unproven(
                    "the issuer and the audience of the id_token are not among lti-platforms"));
  }

  private JWTClaimsSet processed(SignedJWT signed, Lti13Platform platform)
      throws BadJOSEException, JOSEException {
    try {
      JWTClaimsSet claims = Objects.requireNonNull(processors.get(platform)).process(signed, null);
      reached.add(platform);
      return claims;
    } catch (KeySourceException failure) {
      if (failure instanceof RateLimitReachedException && reached.contains(platform)) {
        throw RefusedLaunchException.unproven(
            "the id_token is signed with a key that the platform did not have moments ago");
      }
      failures.warn(
          "the keys at {} cannot be fetched: {}",
          platform.jwksUrl(),
          String.valueOf(failure.getMessage()));
      throw RefusedLaunchException.unreachable(
          "the keys of the platform cannot be fetched now; launch again in a minute");
    } catch (BadJOSEException wrong) {
      reached.add(platform);
      throw wrong;
    }
  }

  private void checkAge(Instant issued) {
    Instant now = clock.instant();
    if (issued.isBefore(now.minus(OLDEST)) || issued.isAfter(now.plus(SKEW))) {
      throw RefusedLaunchException.unproven(
          "the id_token was not issued within the last %d minutes; launch again, and check the clocks"
              .formatted(OLDEST.toMinutes()));
    }
  }

  private static void checkParty(JWTClaimsSet claims, Lti13Platform platform)
      throws ParseException {
    String party = claims.getStringClaim("azp");
    if (party == null ? claims.getAudience().size() > 1 : !party.equals(platform.clientId())) {
      throw RefusedLaunchException.unproven("the id_token is for another tool");
    }
  }
}
