package dev.sharder.examples.hub.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.examples.hub.server.RawAnswers.RawAnswer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * For any input, the server closes the connection or answers below 500, redirects to no other site,
 * writes no line of the client's making to an answer or the log, and stores no name it refused.
 */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@ParameterizedClass
@EnumSource(TestedDatabase.class)
class MalformedRequestsTest {

  private static final Set<Integer> ASSIGNED = Set.of(302, 307, 204);
  private static final String COOKIE = "hub=hub-[123]; Path=/; HttpOnly; SameSite=Lax";
  private static final int MOST_TOLD = 20;

  @Parameter private TestedDatabase product;
  @TempDir private Path folder;

  private final List<String> problems = new ArrayList<>();
  private final Set<Integer> statuses = new TreeSet<>();
  private RunningHub hub;
  private CapturedLog log;
  private Connection database;
  private PreparedStatement count;

  @BeforeEach
  void start() throws Exception {
    String url = product.newDatabase(folder);
    hub = RunningHub.start(url, "hub-1", "hub-2", "hub-3");
    log = CapturedLog.start();
    database = DriverManager.getConnection(url);
    count = database.prepareStatement("SELECT count(*) FROM sharder_assignment");
  }

  @AfterEach
  void stop() throws Exception {
    hub.close();
    log.close();
    database.close();
  }

  @Test
  void controlCharactersInAnyFieldDoNoHarm() throws Exception {
    sendAll(HostileRequests.controlCharacters());
    assertThat(statuses).contains(302, 400);
  }

  @Test
  void brokenEncodingsInAnyFieldDoNoHarm() throws Exception {
    sendAll(HostileRequests.encodings());
    assertThat(statuses).contains(302, 400);
  }

  @Test
  void headersAndLogLinesHiddenInAnyFieldDoNoHarm() throws Exception {
    sendAll(HostileRequests.injections());
    assertThat(statuses).contains(302, 400);
  }

  @Test
  void longInvisibleAndMisleadingNamesInAnyFieldDoNoHarm() throws Exception {
    sendAll(HostileRequests.names());
    assertThat(statuses).contains(302, 400);
  }

  @Test
  void pathsThatLeadAwayDoNoHarm() throws Exception {
    sendAll(HostileRequests.paths());
    assertThat(statuses).contains(302, 404);
  }

  @Test
  void requestsWhoseEndIsInDoubtDoNoHarm() throws Exception {
    sendAll(HostileRequests.framing());
    assertThat(statuses).contains(307, 400);
  }

  @Test
  void oddMethodsTargetsVersionsAndOtherProtocolsDoNoHarm() throws Exception {
    sendAll(HostileRequests.firstLines());
    assertThat(statuses).contains(302, 404);
  }

  @Test
  void tooMuchOfAnythingDoesNoHarm() throws Exception {
    sendAll(HostileRequests.sizes());
    assertThat(statuses).anyMatch(status -> status >= 400);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void requestsWithSomeBytesChangedDoNoHarm(long seed) throws Exception {
    sendAll(HostileRequests.mutations(seed));
    assertThat(statuses).contains(302, 400);
  }

  private void sendAll(List<String> requests) throws Exception {
    assertThat(hub.get("/shard", "ada").status()).isEqualTo(302);
    for (String request : requests) {
      send(request);
    }
    assertThat(problems.stream().limit(MOST_TOLD))
        .as("%d problems with %d requests", problems.size(), requests.size())
        .isEmpty();
    assertThat(isKept(HostileRequests.SMUGGLED)).isFalse();
    log.forget();
    assertThat(hub.get("/shard", "ada").header("Set-Cookie")).matches(COOKIE);
    assertThat(log.lines()).singleElement().matches(line -> line.endsWith(" for user ada"));
  }

  private void send(String request) throws SQLException {
    long before = rows();
    log.forget();
    List<String> found = new ArrayList<>();
    List<RawAnswer> answers = List.of();
    try {
      answers = RawAnswers.to(hub.port(), request).answers();
    } catch (IOException failure) {
      found.add(failure.toString());
    }
    answers.forEach(answer -> found.addAll(problems(answer)));
    answers.forEach(answer -> statuses.add(answer.status()));
    long assigned = answers.stream().filter(answer -> ASSIGNED.contains(answer.status())).count();
    if (assigned > 1) {
      found.add("an answer for what was no request");
    }
    // Where more follows that is no request, the answer to the first is lost with it.
    boolean isOne = request.indexOf("\r\n\r\n") >= request.length() - 4;
    if (assigned == 0 && isOne && rows() != before) {
      found.add("a row for a name that was refused");
    }
    // One for the answer, and one for what is wrong with the cookie.
    if (log.lines().size() > 2 * Math.max(1, answers.size())
        || !log.lines().stream().allMatch(CapturedLog::isLine)) {
      found.add("the log says " + log.lines());
    }
    if (!found.isEmpty()) {
      problems.add(shown(request) + " gave " + found + ", answers " + answers);
    }
  }

  private static List<String> problems(RawAnswer answer) {
    List<String> found = new ArrayList<>();
    if (answer.status() >= 500) {
      found.add("a failure");
    }
    if (answer.headers().stream().anyMatch(MalformedRequestsTest::hasControlCharacter)
        || hasControlCharacter(isPage(answer) ? "" : answer.body().stripTrailing())) {
      found.add("a control character");
    }
    if (!answer.headers(HostileRequests.INJECTED).isEmpty()
        || !answer.headers("Set-Cookie").stream().allMatch(cookie -> cookie.matches(COOKIE))) {
      found.add("a header from outside");
    }
    List<String> locations = answer.headers("Location");
    if (locations.size() > 1 || !locations.stream().allMatch(MalformedRequestsTest::staysOnSite)) {
      found.add("a way to another site");
    }
    return found;
  }

  /** The page for operators is the same for everybody, whatever they ask. */
  private static boolean isPage(RawAnswer answer) {
    return answer.status() == 200 && !answer.headers("Content-Security-Policy").isEmpty();
  }

  /** As browsers read it: tabs and line breaks fall out, a backslash is a slash. */
  private static boolean staysOnSite(String location) {
    String read =
        location.chars().anyMatch(c -> c <= ' ')
            ? location.replaceAll("[\t\r\n]", "").replaceAll("^[\0- ]+", "")
            : location;
    read = read.replace('\\', '/');
    return read.startsWith("/") && !read.startsWith("//");
  }

  private static boolean hasControlCharacter(String bytes) {
    String text;
    try {
      text =
          StandardCharsets.UTF_8
              .newDecoder()
              .decode(ByteBuffer.wrap(bytes.getBytes(StandardCharsets.ISO_8859_1)))
              .toString();
    } catch (CharacterCodingException notUtf8) {
      text = bytes;
    }
    return text.chars().anyMatch(Character::isISOControl);
  }

  private long rows() throws SQLException {
    try (ResultSet row = count.executeQuery()) {
      row.next();
      return row.getLong(1);
    }
  }

  private boolean isKept(String user) throws SQLException {
    try (PreparedStatement query =
        database.prepareStatement("SELECT 1 FROM sharder_assignment WHERE object = ?")) {
      query.setString(1, user);
      try (ResultSet row = query.executeQuery()) {
        return row.next();
      }
    }
  }

  private static String shown(String request) {
    StringBuilder shown = new StringBuilder();
    request
        .chars()
        .limit(400)
        .forEach(c -> shown.append(c < ' ' || c > '~' ? "\\x%02x".formatted(c) : (char) c));
    return request.length() + " bytes " + shown;
  }
}
