package dev.sharder.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The requests that the README and docs/rest.md show, sent to {@code serve} as users run it. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ShownRequestsTest {

  private static final Pattern LISTENS = Pattern.compile("answering (http://127\\.0\\.0\\.1:\\d+)");
  private static final Pattern MAIN = Pattern.compile("<Main-Class>(.*)</Main-Class>");
  private static final Pattern WORD = Pattern.compile("'([^']*)'|\"([^\"]*)\"|(\\S+)");
  private static final String TOKEN = "a-token-of-this-test-alone-0123456789";

  @TempDir private Path folder;

  private final HttpClient client = HttpClient.newHttpClient();
  private Process serve;
  private String address;

  /** Starts {@code serve} with its defaults, in an empty folder, on a free port. */
  @BeforeEach
  void start() throws IOException {
    Matcher main = MAIN.matcher(DocumentationPages.read("sharder-examples/pom.xml"));
    assertThat(main.find()).isTrue();
    ProcessBuilder command =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                main.group(1),
                "serve",
                "--listen",
                "127.0.0.1:0")
            .directory(folder.toFile())
            .redirectErrorStream(true);
    command.environment().put("SHARDER_API_TOKENS", "ada:" + TOKEN);
    serve = command.start();
    address = address(serve.inputReader());
  }

  private static String address(BufferedReader log) throws IOException {
    StringBuilder before = new StringBuilder();
    for (String line = log.readLine(); line != null; line = log.readLine()) {
      Matcher listens = LISTENS.matcher(line);
      if (listens.find()) {
        return listens.group(1);
      }
      before.append(line).append('\n');
    }
    throw new AssertionError("serve ended:\n" + before);
  }

  @AfterEach
  void stop() throws InterruptedException {
    serve.destroy();
    assertThat(serve.waitFor(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  @DisplayName("the curl of the README gets the cookie and the way back that it says")
  void readme() throws Exception {
    List<String> shown = curls("README.md");
    assertThat(shown).hasSize(1);
    HttpResponse<String> answer = send(shown.get(0));
    assertThat(answer.statusCode()).isEqualTo(302);
    assertThat(answer.headers().firstValue("Set-Cookie").orElseThrow()).startsWith("hub=hub-1;");
    assertThat(answer.headers().firstValue("Location")).hasValue("/user/ada/lab");
  }

  @Test
  @DisplayName("the curls of docs/rest.md place a home directory, once")
  void rest() throws Exception {
    List<String> shown = curls("docs/rest.md");
    assertThat(shown).hasSize(2);
    assertThat(send(shown.get(0)).statusCode()).isIn(200, 201);
    String answered = DocumentationPages.blocks("docs/rest.md", "json").get(0).strip();
    String time = "\"assignedAt\":\"[^\"]*\"";
    assertThat(send(shown.get(1)).body().strip().replaceFirst(time, ""))
        .isEqualTo(answered.replaceAll("\\n *", "").replaceFirst(time, ""));
    assertThat(send(shown.get(1)).body()).contains("\"isNew\":false");
  }

  private static List<String> curls(String page) {
    return DocumentationPages.blocks(page, "sh").stream()
        .flatMap(String::lines)
        .filter(line -> line.startsWith("curl "))
        .toList();
  }

  /** Sends what {@code curl} would send. */
  private HttpResponse<String> send(String curl) throws IOException, InterruptedException {
    List<String> words =
        WORD.matcher(curl.replace("$TOKEN", TOKEN))
            .results()
            .map(word -> word.group().replaceAll("^['\"]|['\"]$", ""))
            .toList();
    HttpRequest.Builder request = HttpRequest.newBuilder();
    String method = "GET";
    for (int i = 1; i < words.size(); i++) {
      switch (words.get(i)) {
        case "-i" -> {}
        case "-X" -> method = words.get(++i);
        case "-H" -> request.headers(words.get(++i).split(": ", 2));
        default -> request.uri(URI.create(words.get(i).replace("http://127.0.0.1:8888", address)));
      }
    }
    return client.send(
        request.method(method, BodyPublishers.noBody()).build(), BodyHandlers.ofString());
  }
}
