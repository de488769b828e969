package dev.sharder.examples.hub.proxy;

import dev.sharder.examples.hub.http.ThrottledLog;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One request, on its way from a client's connection to a target's. All its methods run on the
 * event loop of both.
 */
final class Exchange {

  private static final Logger log = LoggerFactory.getLogger(Exchange.class);
  private static final ThrottledLog failures = new ThrottledLog(log);

  private static final int BAD_GATEWAY = 502;
  private static final int UNAVAILABLE = 503;
  private static final int TIMED_OUT = 504;

  private final ClientConnection client;
  private final ProxyLoop loop;
  private final RequestHead request;
  private final BodyDecoder body;
  private final Framing bodyFraming;
  private final AnswerWriter answer;
  private final long start = System.nanoTime();

  private Decision.@Nullable Forward forward;
  private @Nullable TargetConnection target;

  /** Whether the client has left, or the exchange is over. */
  private boolean over;

  private boolean repeated;

  /** When the target last sent or was sent something, and when the client last did. */
  private long targetActive = start;

  private long clientActive = start;

  Exchange(ClientConnection client, RequestHead request) {
    this.client = client;
    this.loop = client.loop();
    this.request = request;
    this.body = request.body();
    this.bodyFraming = request.hasChunkedBody() ? Framing.CHUNKED : Framing.PLAIN;
    this.answer = new AnswerWriter(client, request, body);
  }

  RequestHead request() {
    return request;
  }

  boolean isAnswered() {
    return answer.isBegun();
  }

  // The way to a target

  /** Asks where the request goes, and sends it there. */
  void start() {
    CompletionStage<Decision> decision;
    try {
      decision = loop.router().route(request);
    } catch (RuntimeException failure) {
      decision = CompletableFuture.failedStage(failure);
    }
    then(
        decision,
        this::decided,
        failure -> {
          log.error("{} could not be routed", request.shown(), failure);
          refuse(UNAVAILABLE, "the proxy could not find out where this goes; see its log");
        });
  }

  /** Continues on the event loop, at once if the stage is complete; not if the client has left. */
  private <T> void then(CompletionStage<T> stage, Consumer<T> next, Consumer<Throwable> failed) {
    EventLoop eventLoop = client.channel().eventLoop();
    stage.whenComplete(
        (result, failure) -> {
          Runnable step = () -> continueWith(result, failure, next, failed);
          if (eventLoop.inEventLoop()) {
            guarded(step);
          } else {
            eventLoop.execute(() -> guarded(step));
          }
        });
  }

  private <T> void continueWith(
      T result, @Nullable Throwable failure, Consumer<T> next, Consumer<Throwable> failed) {
    if (over) {
      return;
    }
    if (failure == null) {
      next.accept(result);
    } else {
      failed.accept(failure);
    }
  }

  /** Runs a step whose caller would swallow an error and leave the client waiting. */
  private void guarded(Runnable step) {
    try {
      step.run();
    } catch (RuntimeException | Error defect) {
      giveUp(defect);
    }
  }

  /** Ends the exchange after an error of the program, after which nothing of it can be trusted. */
  void giveUp(Throwable defect) {
    log.error("{} failed", request.shown(), defect);
    clientFailed();
    client.abort();
  }

  private void decided(Decision decision) {
    if (decision instanceof Decision.Forward chosen) {
      forward = chosen;
      send(chosen);
    } else if (decision instanceof Decision.Refuse refusal) {
      refuse(refusal.status(), refusal.reason());
    } else if (decision instanceof Decision.Answer own) {
      answer(own);
    }
  }

  /**
   * Sends the request. A connection that was used before may be one that the target has just left;
   * only a request that may be sent twice is sent on one.
   */
  private void send(Decision.Forward chosen) {
    TargetConnection idle =
        request.isRepeatable() && !repeated ? loop.pool().take(chosen.target()) : null;
    if (idle != null) {
      begin(idle, chosen);
    } else {
      loop.pool()
          .connect(
              chosen.target(),
              (connection, failure) -> guarded(() -> connected(connection, failure, chosen)));
    }
  }

  private void connected(
      @Nullable TargetConnection connection, String failure, Decision.Forward chosen) {
    if (over) {
      if (connection != null) {
        connection.close();
      }
    } else if (connection != null) {
      begin(connection, chosen);
    } else {
      fail(UNAVAILABLE, "the server behind this address cannot be reached", failure);
    }
  }

  private void begin(TargetConnection connection, Decision.Forward chosen) {
    target = connection;
    targetActive = System.nanoTime();
    connection.begin(
        this,
        loop.heads()
            .request(client.channel().alloc(), request, chosen, loop.isTrusted(request.peer())));
    client.process();
    connection.flush();
  }

  // The body of the request

  /**
   * Takes what it can of the body from these bytes.
   *
   * @return whether it took anything
   */
  boolean takeBody(ByteBuf in) throws MalformedMessageException {
    TargetConnection to = target;
    if (body.isDone() || to == null || !to.isWritable()) {
      return false;
    }
    int before = in.readableBytes();
    ByteBuf piece = body.next(in);
    if (piece != null) {
      bodyFraming.write(piece, to::write);
    }
    if (body.isDone()) {
      bodyFraming.writeEnd(to::write);
    }
    clientActive = System.nanoTime();
    // A target that is sent something need not say anything meanwhile.
    targetActive = clientActive;
    return in.readableBytes() < before;
  }

  void flushTarget() {
    if (target != null) {
      target.flush();
    }
  }

  void targetWritable() {
    client.process();
    flushTarget();
  }

  // The answer

  /** Passes on that the answer will come. */
  void interim(ResponseHead head) {
    targetActive = System.nanoTime();
    answer.writeInterim(head, forward().target());
  }

  private Decision.Forward forward() {
    if (forward == null) {
      throw new IllegalStateException("a target answered what was not sent");
    }
    return forward;
  }

  void answerHead(ResponseHead head, BodyDecoder framed) {
    targetActive = System.nanoTime();
    answer.writeHead(head, framed, forward().target());
  }

  void answerPiece(ByteBuf piece) {
    targetActive = System.nanoTime();
    answer.writePiece(piece);
  }

  void answerEnd() {
    answer.writeEnd();
    forward().traffic().answered(answer.status());
    target = null;
    end();
  }

  private void end() {
    over = true;
    loop.options().listener().answered(answer.status(), System.nanoTime() - start);
    client.exchangeEnded(answer.ending());
  }

  /** Opens the websocket that was asked for. */
  void switched(ResponseHead head) throws MalformedMessageException {
    TargetConnection to = target;
    if (!request.isWebSocket() || to == null) {
      throw new MalformedMessageException("it changes to a protocol that was not asked for");
    }
    over = true;
    answer.writeSwitch(head, forward().target());
    forward().traffic().answered(head.status());
    loop.options().listener().answered(head.status(), System.nanoTime() - start);
    WebSocketTunnel tunnel = new WebSocketTunnel(client, to, forward().traffic());
    tunnel.start();
    to.switchTo(tunnel);
    client.flush();
    client.switchTo(tunnel);
  }

  void flushClient() {
    client.flush();
  }

  boolean wantsAnswer() {
    return client.isWritable();
  }

  void clientWritable() {
    // While the client took nothing, nothing was read from the target: that was not its silence.
    targetActive = System.nanoTime();
    if (target != null) {
      target.resume();
      client.flush();
    }
  }

  // What goes wrong

  /** The client has left, or what it sends is malformed. */
  void clientFailed() {
    over = true;
    if (target != null) {
      target.abandon();
      target = null;
    }
  }

  /** The target has left before the end of its answer. */
  void targetFailed(TargetConnection from, String reason) {
    if (over || from != target) {
      return;
    }
    target = null;
    if (!isAnswered() && from.isUsed() && request.isRepeatable()) {
      repeated = true;
      send(forward());
    } else {
      fail(BAD_GATEWAY, "the server behind this address did not answer", reason);
    }
  }

  /** Ends the exchange; a client that has part of an answer must not take it for the whole. */
  private void fail(int refusal, String page, String reason) {
    Decision.Forward failed = forward();
    failed.traffic().failed(reason);
    failures.warn("{} failed on {}: {}", failed.target(), request.shown(), reason);
    if (isAnswered()) {
      over = true;
      client.abort();
    } else {
      refuse(refusal, page);
    }
  }

  /** Ends the exchange if someone has been silent for too long. */
  void check(long now) {
    ProxyLimits limits = loop.options().limits();
    TargetConnection to = target;
    if (to != null && to.isStalled(now)) {
      to.fail("it took nothing of the request for too long");
    } else if (to != null && isBodyLate(now, to)) {
      client.timedOut();
    } else if (to != null
        && wantsAnswer()
        && limits.target().filter(limit -> isPast(now, targetActive, limit)).isPresent()) {
      timedOut(to);
    } else if (limits.client().filter(limit -> isPast(now, lastActive(), limit)).isPresent()) {
      client.cut();
    }
  }

  /** Returns whether the client keeps a target waiting that would take more, and says nothing. */
  private boolean isBodyLate(long now, TargetConnection to) {
    return !body.isDone()
        && to.isWritable()
        && isPast(now, lastActive(), loop.options().limits().stall());
  }

  private long lastActive() {
    return Math.max(clientActive, targetActive);
  }

  private static boolean isPast(long now, long since, Duration limit) {
    return now - since > limit.toNanos();
  }

  private void timedOut(TargetConnection to) {
    target = null;
    to.abandon();
    fail(
        TIMED_OUT,
        "the server behind this address did not answer in time",
        "it was silent for too long");
  }

  // Answers of the proxy itself

  private void refuse(int refusal, String reason) {
    CompletionStage<Decision.Answer> page;
    try {
      page = loop.options().pages().page(refusal, reason, request.uri());
    } catch (RuntimeException failure) {
      page = CompletableFuture.failedStage(failure);
    }
    then(
        page,
        this::answer,
        failure -> {
          log.error("there is no page for error {}", refusal, failure);
          answer(Decision.Answer.text(refusal, "text/plain", reason + "\n"));
        });
  }

  private void answer(Decision.Answer own) {
    client.discardBody(body);
    answer.writeOwn(own);
    end();
  }
}
