package dev.sharder.examples.hub.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("When a client leaves")
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LeavingClientsTest {

  private static final Duration SOON = Duration.ofSeconds(3);
  private static final String GET = "GET / HTTP/1.1\r\nHost: hub\r\n\r\n";
  private static final String STREAM =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

  private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
  private static final int AT_ONCE = 20;

  /** What is under way when the client leaves. */
  enum Phase {
    BEFORE_ANY_ANSWER(GET, "", request -> true),
    IN_A_SILENT_EVENT_STREAM(GET, STREAM + "6\r\ndata: \r\n", answer -> answer.contains("data: ")),
    BEFORE_THE_FIRST_EVENT(GET, STREAM, answer -> answer.contains("\r\n\r\n")),
    IN_AN_ANSWER_OF_KNOWN_LENGTH(
        GET, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", answer -> answer.endsWith("half")),
    IN_AN_ANSWER_WITHOUT_AN_END(
        GET, "HTTP/1.1 200 OK\r\n\r\nhalf", answer -> answer.contains("half")),
    AFTER_EARLY_HINTS(GET, "HTTP/1.1 103 Early Hints\r\n\r\n", answer -> true),
    IN_AN_UPLOAD(
        "PUT / HTTP/1.1\r\nHost: hub\r\nContent-Length: 9\r\n\r\nhalf", "", answer -> true),
    IN_AN_UPLOAD_BY_CHUNKS(
        "PUT / HTTP/1.1\r\nHost: hub\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        "",
        answer -> true),
    WAITING_FOR_100_CONTINUE(
        "PUT / HTTP/1.1\r\nHost: hub\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n",
        "",
        answer -> true),
    WITH_ANOTHER_REQUEST_BEHIND(GET + GET, "", answer -> true),
    DURING_A_HANDSHAKE(RawHandshake.REQUEST, "", answer -> true),
    IN_A_WEBSOCKET(
        RawHandshake.REQUEST, RawHandshake.ACCEPTED + "\r\n", answer -> answer.contains(" 101 "));

    private final String request;
    private final String answer;
    private final Predicate<String> isThere;

    Phase(String request, String answer, Predicate<String> isThere) {
      this.request = request;
      this.answer = answer;
      this.isThere = isThere;
    }
  }

  private RawTarget target;
  private ProxyUnderTest proxy;

  private void start(RawTarget.Script script) throws IOException {
    target = RawTarget.running(script);
    proxy = ProxyUnderTest.before(target);
  }

  @AfterEach
  void stop() throws IOException {
    proxy.close();
    target.check();
    target.close();
  }

  /** Returns a client that is in this phase, with a target that does no more than its part. */
  private RawConnection begun(Phase phase) throws IOException {
    start(
        connection -> {
          connection.head();
          connection.send(phase.answer);
          connection.toEnd();
        });
    RawConnection client = RawConnection.to(proxy.port());
    client.send(phase.request);
    RawConnection seen = target.connection(0);
    Eventually.holds("the request is there", () -> seen.received().contains("\r\n\r\n"));
    Eventually.holds("the answer is there", () -> phase.isThere.test(client.received()));
    assertThat(seen.end()).isEqualTo(RawConnection.End.OPEN);
    return client;
  }

  @ParameterizedTest
  @EnumSource(Phase.class)
  @DisplayName("with a FIN, the target's connection ends within 3 s")
  void fin(Phase phase) throws IOException {
    begun(phase).close();
    target.awaitNoneOpen(SOON);
  }

  @ParameterizedTest
  @EnumSource(Phase.class)
  @DisplayName("with a reset, the target's connection ends within 3 s")
  void reset(Phase phase) throws IOException {
    begun(phase).reset();
    target.awaitNoneOpen(SOON);
  }

  @Test
  @DisplayName("in the middle of an answer that it did not read, the target's connection ends")
  void unreadAnswer() throws IOException {
    start(
        connection -> {
          connection.head();
          connection.send("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n");
          while (true) {
            connection.send(new byte[100_000]);
          }
        });
    try (RawConnection client = RawConnection.to(proxy.port(), 16 * 1024)) {
      client.send(GET);
      assertThat(client.head().status()).isEqualTo(200);
      assertThat(client.exactly(1_000_000)).hasSize(1_000_000);
      client.reset();
    }
    target.awaitNoneOpen(SOON);
  }

  @Test
  @DisplayName("with a reset in an upload that the target does not read, the target hears of it")
  void unreadUpload() throws Exception {
    CompletableFuture<Void> reset = new CompletableFuture<>();
    start(
        connection -> {
          connection.head();
          reset.join();
          connection.toEnd();
        });
    RawConnection client = RawConnection.to(proxy.port());
    client.send("PUT / HTTP/1.1\r\nHost: hub\r\nContent-Length: 99999999\r\n\r\n");
    AtomicLong taken = new AtomicLong();
    Thread upload = new Thread(() -> sendUntilCut(client, taken));
    upload.start();
    Eventually.stands("what is taken in", taken);
    client.reset();
    upload.join();
    reset.complete(null);
    target.awaitNoneOpen(SOON);
  }

  private static void sendUntilCut(RawConnection client, AtomicLong taken) {
    try {
      byte[] piece = new byte[100_000];
      while (taken.get() < 99_900_000) {
        client.send(piece);
        taken.addAndGet(piece.length);
      }
    } catch (IOException cut) {
      // The test resets the connection.
    }
  }

  @Test
  @DisplayName("400 times before an answer, as many descriptors are open as before")
  void abortedRequests() throws Exception {
    start(connection -> connection.toEnd());
    assertNothingIsLeft(400, () -> begunRequest(GET));
  }

  @Test
  @DisplayName("400 times in a websocket, as many descriptors are open as before")
  void droppedWebSockets() throws Exception {
    start(
        connection -> {
          connection.head();
          connection.send(RawHandshake.ACCEPTED + "\r\n");
          connection.toEnd();
        });
    assertNothingIsLeft(
        400,
        () -> {
          RawConnection client = begunRequest(RawHandshake.REQUEST);
          assertThat(client.head().status()).isEqualTo(101);
          return client;
        });
  }

  @Test
  @DisplayName("200 times after a websocket was refused, as many descriptors are open as before")
  void refusedWebSockets() throws Exception {
    start(
        connection -> {
          connection.head();
          connection.send(
              "HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno");
        });
    assertNothingIsLeft(
        200,
        () -> {
          RawConnection client = begunRequest(RawHandshake.REQUEST);
          assertThat(client.response().status()).isEqualTo(403);
          return client;
        });
  }

  private RawConnection begunRequest(String request) throws IOException {
    RawConnection client = RawConnection.to(proxy.port());
    client.send(request);
    return client;
  }

  /** Lets clients leave, every other with a reset and most of them not at once. */
  private void assertNothingIsLeft(int count, Callable<RawConnection> begin) throws Exception {
    assumeTrue(Files.isDirectory(DESCRIPTORS), "only Linux has /proc");
    long before = sockets();
    List<RawConnection> clients = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      clients.add(begin.call());
      if (clients.size() == AT_ONCE) {
        leave(clients);
      }
    }
    Eventually.holds("most have come", () -> target.connections().size() > count / 2);
    target.awaitNoneOpen(RawConnection.PATIENCE);
    Eventually.holds("no descriptor is left", () -> sockets() <= before);
  }

  private static void leave(List<RawConnection> clients) throws IOException {
    for (int i = 0; i < clients.size(); i++) {
      if (i % 2 == 0) {
        clients.get(i).close();
      } else {
        clients.get(i).reset();
      }
    }
    clients.clear();
  }

  /** Returns how many sockets this process has open: the proxy's, the target's and the clients'. */
  private static long sockets() {
    try (Stream<Path> descriptors = Files.list(DESCRIPTORS)) {
      return descriptors.filter(LeavingClientsTest::isSocket).count();
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  private static boolean isSocket(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString().startsWith("socket:");
    } catch (IOException closed) {
      return false;
    }
  }
}
