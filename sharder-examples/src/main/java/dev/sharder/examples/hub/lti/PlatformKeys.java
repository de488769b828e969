package dev.sharder.examples.hub.lti;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKParameterNames;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyOperation;
import com.nimbusds.jose.jwk.KeyType;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.source.JWKSetCacheRefreshEvaluator;
import com.nimbusds.jose.jwk.source.JWKSetParseException;
import com.nimbusds.jose.jwk.source.JWKSetRetrievalException;
import com.nimbusds.jose.jwk.source.JWKSetSource;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.JSONObjectUtils;
import dev.sharder.examples.hub.http.BoundedFetch;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fetches the keys that a platform signs with. Any other key in the set, even a malformed one, is
 * ignored (RFC 7517, section 5): the library would refuse the whole set.
 */
final class PlatformKeys implements JWKSetSource<SecurityContext> {

  private static final Logger log = LoggerFactory.getLogger(PlatformKeys.class);

  private static final int MOST_BYTES = 256 * 1024;

  /** The launches of a platform wait for one another while its keys are fetched. */
  private static final Duration FETCH_LIMIT = Duration.ofSeconds(3);

  private static final BoundedFetch FETCH =
      new BoundedFetch(
          HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NORMAL),
          FETCH_LIMIT,
          MOST_BYTES);

  /** RFC 7518, section 3.3. */
  private static final int FEWEST_BITS = 2048;

  private final URI url;

  PlatformKeys(URI url) {
    this.url = url;
  }

  @Override
  public JWKSet getJWKSet(
      JWKSetCacheRefreshEvaluator evaluator, long time, @Nullable SecurityContext context)
      throws KeySourceException {
    try {
      return new JWKSet(usable(fetch()));
    } catch (ParseException malformed) {
      throw new JWKSetParseException("the answer is not a JWK set", malformed);
    }
  }

  private String fetch() throws JWKSetRetrievalException {
    try {
      HttpResponse<byte[]> answer = FETCH.send(HttpRequest.newBuilder(url).build()).get();
      if (answer.statusCode() / 100 != 2) {
        throw new JWKSetRetrievalException("its status is " + answer.statusCode(), null);
      }
      return new String(answer.body(), UTF_8);
    } catch (ExecutionException failure) {
      throw new JWKSetRetrievalException(String.valueOf(failure.getCause()), failure);
    } catch (InterruptedException interruption) {
      Thread.currentThread().interrupt();
      throw new JWKSetRetrievalException("interrupted while waiting for them", interruption);
    }
  }

  private List<JWK> usable(String text) throws ParseException {
    List<Object> all = JSONObjectUtils.getJSONArray(JSONObjectUtils.parse(text), "keys");
    if (all == null) {
      throw new ParseException("a JWK set has keys", 0);
    }
    List<JWK> usable = new ArrayList<>();
    for (int i = 0; i < all.size(); i++) {
      try {
        key(all.get(i)).ifPresent(usable::add);
      } catch (ParseException | JOSEException | RuntimeException malformed) {
        // Does not log the key itself, which is not ours.
        log.warn("key {} of {} at {} is malformed and ignored", i + 1, all.size(), url);
        log.debug("the key is malformed", malformed);
      }
    }
    return usable;
  }

  /** Empty if the key cannot verify an RS256 signature, or is not valid now. */
  private static Optional<JWK> key(Object json) throws ParseException, JOSEException {
    if (!(json instanceof Map<?, ?> fields)
        || !KeyType.RSA.getValue().equals(fields.get(JWKParameterNames.KEY_TYPE))) {
      return Optional.empty();
    }
    Map<String, Object> named = new HashMap<>();
    fields.forEach((name, value) -> named.put(String.valueOf(name), value));
    RSAKey key = RSAKey.parse(named);
    // Only what a Java security provider takes for a key as well.
    key.toRSAPublicKey();
    return isInForce(key) && isForSignatures(key)
        ? Optional.of(key.toPublicJWK())
        : Optional.empty();
  }

  private static boolean isForSignatures(RSAKey key) {
    boolean isUse = key.getKeyUse() == null || key.getKeyUse().equals(KeyUse.SIGNATURE);
    boolean isOperation =
        key.getKeyOperations() == null || key.getKeyOperations().contains(KeyOperation.VERIFY);
    return isUse && isOperation && key.size() >= FEWEST_BITS;
  }

  private static boolean isInForce(JWK key) {
    Instant now = Instant.now();
    Date end = key.getExpirationTime();
    Date begin = key.getNotBeforeTime();
    return (end == null || now.isBefore(end.toInstant()))
        && (begin == null || !now.isBefore(begin.toInstant()));
  }

  @Override
  public void close() {}
}
