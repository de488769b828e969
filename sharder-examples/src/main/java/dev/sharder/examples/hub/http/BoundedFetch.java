package dev.sharder.examples.hub.http;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Fetches short texts from other servers, within a time limit and up to a size, however slowly or
 * endlessly a server sends. Thread-safe.
 */
public final class BoundedFetch {

  private final HttpClient client;
  private final Duration limit;
  private final int mostBytes;

  /**
   * Creates a client.
   *
   * @param settings of the client
   * @param limit the time for a whole answer, from the name of the server to the last byte
   * @param mostBytes the most that an answer may have
   */
  public BoundedFetch(HttpClient.Builder settings, Duration limit, int mostBytes) {
    this.client = settings.version(HttpClient.Version.HTTP_1_1).connectTimeout(limit).build();
    this.limit = limit;
    this.mostBytes = mostBytes;
  }

  /** Returns the answer; fails with an {@link IOException} if there is none, or it is too long. */
  public CompletableFuture<HttpResponse<byte[]>> send(HttpRequest request) {
    CompletableFuture<HttpResponse<byte[]>> asked =
        client.sendAsync(request, head -> new LimitedBody(mostBytes));
    return asked
        .copy()
        // A limit of the request itself would end with the head of the answer.
        .orTimeout(limit.toMillis(), TimeUnit.MILLISECONDS)
        .exceptionallyCompose(failure -> CompletableFuture.failedFuture(inWords(failure)))
        // Nothing else would end a connection on which an answer stands still.
        .whenComplete((answer, failure) -> asked.cancel(true));
  }

  /** Java's failure of a time limit has no message. */
  private Throwable inWords(Throwable failure) {
    return failure instanceof TimeoutException
        ? new HttpTimeoutException("no whole answer within %d ms".formatted(limit.toMillis()))
        : failure;
  }

  /** Takes an answer, and refuses one that is too long. */
  private static final class LimitedBody implements HttpResponse.BodySubscriber<byte[]> {

    private final HttpResponse.BodySubscriber<byte[]> whole =
        HttpResponse.BodySubscribers.ofByteArray();
    private final int mostBytes;
    private Flow.@Nullable Subscription subscription;
    private long taken;

    LimitedBody(int mostBytes) {
      this.mostBytes = mostBytes;
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
      subscription = given;
      whole.onSubscribe(given);
    }

    @Override
    public void onNext(List<ByteBuffer> bytes) {
      taken += bytes.stream().mapToLong(ByteBuffer::remaining).sum();
      if (taken > mostBytes && subscription != null) {
        subscription.cancel();
        whole.onError(new IOException("the answer is longer than %d bytes".formatted(mostBytes)));
      } else {
        whole.onNext(bytes);
      }
    }

    @Override
    public void onError(Throwable failure) {
      whole.onError(failure);
    }

    @Override
    public void onComplete() {
      whole.onComplete();
    }

    @Override
    public CompletionStage<byte[]> getBody() {
      return whole.getBody();
    }
  }
}
