package dev.sharder.examples.hub.proxy.hubs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.examples.hub.config.Settings;
import dev.sharder.examples.hub.config.SettingsReader;
import dev.sharder.examples.hub.server.HubServer;
import dev.sharder.examples.hub.server.RunningHub;
import dev.sharder.examples.hub.server.RunningHub.HubAnswer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What the command {@code proxy} runs, on free ports and with a database of its own. */
record RunningProxy(Path folder, HubServer server, HubsProxy proxy) implements AutoCloseable {

  /** Starts one with a bin for each hub. */
  static RunningProxy start(Path folder, List<MortalHub> hubs, String... settings)
      throws IOException {
    return start(folder, addresses(hubs), settings);
  }

  /** Starts one with a bin for each address, by name. */
  static RunningProxy start(Path folder, Map<String, String> hubs, String... settings)
      throws IOException {
    write(folder, hubs, settings);
    Settings read = settings(folder);
    HubsProxy proxy = new HubsProxy(read);
    return new RunningProxy(folder, HubServer.start(read, proxy), proxy);
  }

  private static final String TOKEN = "operators-and-this-test-alone-know-it";

  private static Map<String, String> addresses(List<MortalHub> hubs) {
    Map<String, String> addresses = new TreeMap<>();
    hubs.forEach(hub -> addresses.put(hub.name(), hub.address()));
    return addresses;
  }

  private static void write(Path folder, Map<String, String> hubs, String... settings)
      throws IOException {
    String bins =
        hubs.entrySet().stream()
            .map(
                hub ->
                    "- {name: %s, labels: {address: '%s'}}\n"
                        .formatted(hub.getKey(), hub.getValue()))
            .collect(Collectors.joining("", "bins:\n", ""));
    Files.writeString(
        folder.resolve("sharder.yml"),
        Stream.concat(
                Stream.of(
                    bins,
                    "proxy-secrets: [" + RunningHub.SECRET + "]",
                    "api-tokens: [" + TOKEN + "]"),
                Stream.of(settings))
            .collect(Collectors.joining("\n")));
  }

  private static Settings settings(Path folder) {
    return SettingsReader.read(
        folder.resolve("sharder.yml"),
        Map.of(
            "listen", "127.0.0.1:0", "proxy-listen", "127.0.0.1:0", "database", database(folder)),
        List.of(),
        Map.of());
  }

  private static String database(Path folder) {
    return "jdbc:sqlite:" + folder.resolve("sharder.db");
  }

  /** Reads the settings again, with these hubs. */
  void reload(List<MortalHub> hubs, String... settings) throws IOException {
    write(folder, addresses(hubs), settings);
    server.reload(() -> settings(folder));
  }

  /** Asks the proxy as the one in front does, on a connection of its own. */
  HubAnswer get(String target, String user, String... fields) throws IOException {
    String more = Stream.of(fields).map(field -> field + "\r\n").collect(Collectors.joining());
    return RunningHub.send(
        proxy.port(),
        "GET %s HTTP/1.1\r\nHost: hub.example\r\n%s\r\nREMOTE_USER: %s\r\n%sConnection: close\r\n\r\n"
            .formatted(target, RunningHub.OF_NGINX, user, more));
  }

  /** Returns the first word of the answer, which is the name of the hub; else the status. */
  String hubOf(String user) throws IOException {
    HubAnswer answer = get("/", user);
    return answer.status() == 200 ? answer.body().split(" ")[0] : String.valueOf(answer.status());
  }

  /** Asks the operators' port. */
  HubAnswer operators(String target) throws IOException {
    return RunningHub.send(
        server.port(),
        "GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\nConnection: close\r\n\r\n"
            .formatted(target, RunningHub.OF_NGINX));
  }

  /** Moves a user as the operators' page does. */
  void move(String user, String bin) throws IOException {
    String body = "{\"bin\": \"%s\"}".formatted(bin);
    HubAnswer answer =
        RunningHub.send(
            server.port(),
            "POST /api/v1/kinds/hub/assignments/%s/move HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
                .formatted(user, TOKEN, body.length(), body));
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
  }

  /** Runs a command on the database, in what could be another process. */
  void command(String... arguments) {
    RunningHub.command(database(folder), arguments);
  }

  @Override
  public void close() {
    server.close();
  }
}
