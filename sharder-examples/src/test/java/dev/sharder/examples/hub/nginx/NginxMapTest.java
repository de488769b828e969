package dev.sharder.examples.hub.nginx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinState;
import dev.sharder.InvalidValueException;
import dev.sharder.examples.hub.cli.HubSharder;
import dev.sharder.examples.hub.nginx.DeployedSharder.DeployedWay;
import dev.sharder.examples.hub.server.RunningHub.HubAnswer;
import io.undertow.Undertow;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The list of hubs for nginx has what the real nginx takes, and nothing that would cost it all. */
@Timeout(180)
class NginxMapTest {

  private static final NginxMap MAP =
      NginxMap.of(Optional.empty(), Optional.empty(), false, List.of());

  private static final NginxMap RESOLVING = MAP.withResolvers(List.of("127.0.0.53"));

  /** What nginx takes and the list does not: numbers that others read otherwise. */
  private static final Pattern ODD =
      Pattern.compile(".*:0\\d*|(0[xX]?[0-9a-fA-F]*|\\d+)(\\..*)?(:\\d+)?|unix:.*[^\\w./-].*");

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "127.0.0.1",
        "10.0.0.7:8000",
        "0.0.0.0:1",
        "255.255.255.255:65535",
        "[::1]",
        "[::1]:8001",
        "[fd00::1]:80",
        "[::ffff:10.0.0.7]:80",
        "[1:2:3:4:5:6:7:8]:80",
        "localhost",
        "localhost:8001",
        "unix:/run/hub-1.sock",
        "hub-1.example.org:8000",
        "hub_1:8000",
        "4c01db0b339c:8000",
        "xn--bcher-kva.example:80",
        "A.EXAMPLE.",
      })
  @DisplayName("what is usual is in it")
  void usual(String address) throws Exception {
    NginxMap.Text made = RESOLVING.text(List.of(hub("hub-1", address)));
    assertThat(made.leftOut()).isEmpty();
    assertThat(complaint(made)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "-",
        ".",
        "..",
        "*",
        ":80",
        "127.0.0.1:",
        "127.0.0.1:0",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "127.0.0.1:http",
        "127.0.0.1:80:80",
        "999.1.1.1",
        "1.2.3.256",
        "1.2.3",
        "1.2.3.4.5",
        "2130706433",
        "0x7f.1",
        "010.1.1.1",
        "[::::]:80",
        "[1.2.3.4]:80",
        "[]:80",
        "[::1",
        "::1",
        "[::1]80",
        "[fe80::1%eth0]:80",
        "[1:2:3:4:5:6:7:8:9]",
        "[1:2:3:4:5:6:7::]",
        "[12345::1]",
        "unix:",
        "unix:/a b",
        "unix:/a;",
        "-a:80",
        "a-:80",
        "a..b",
        ".a",
        "a.example.1",
        "a b:80",
        "a;b",
        "a{}",
        "$host:80",
        "http://a",
        "a/b",
        "user@a:80",
        "bücher.example",
        "a\"b",
        "a\\b",
      })
  @DisplayName("what nginx or another reader would stumble over is left out, and says so")
  void unusual(String address) throws Exception {
    NginxMap.Text made = MAP.text(List.of(hub("hub-1", address), hub("hub-2", "127.0.0.1:8002")));
    assertThat(made.leftOut()).singleElement().asString().contains("'hub-1'").contains(address);
    assertThat(made.text()).contains("\"hub-2\"").doesNotContain("\"hub-1\"");
    assertThat(complaint(made)).isEmpty();
  }

  @Test
  @DisplayName(
      "labels of 63 letters, names of 253 and sockets of 107 bytes are in it, longer ones not")
  void lengths() throws Exception {
    String label = "a".repeat(63);
    String name = (label + ".").repeat(3) + "b".repeat(61);
    List<String> right = List.of(label, name, "unix:/" + "s".repeat(106));
    List<String> wrong = List.of(label + "a", name + "b", "unix:/" + "s".repeat(107));
    List<String> all = new ArrayList<>(right);
    all.addAll(wrong);
    NginxMap.Text made = RESOLVING.text(hubs(all));
    assertThat(made.leftOut()).hasSize(wrong.size());
    assertThat(made.text()).contains("\"~^hub\\-0$\"", "\"~^hub\\-1$\"", "\"~^hub\\-2$\"");
    assertThat(complaint(made)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  @DisplayName("of random addresses nginx takes all that are in it, and refuses those left out")
  void random(long seed) throws Exception {
    Random random = new Random(seed);
    List<BinLoad> hubs =
        hubs(IntStream.range(0, 2_000).mapToObj(i -> address(random)).distinct().toList());
    NginxMap.Text made = RESOLVING.text(hubs);
    assertThat(complaint(made)).as("seed %d", seed).isEmpty();
    assertThat(made.leftOut()).hasSizeBetween(100, hubs.size() - 100);
    List<String> leftOut =
        hubs.stream()
            .filter(hub -> !made.text().contains("\"" + hub.name() + "\""))
            .map(hub -> hub.bin().labels().getOrDefault("address", ""))
            .filter(address -> made.text().indexOf(" " + address + ";") < 0)
            .filter(address -> !ODD.matcher(address).matches() && !isNamed(address))
            .limit(15)
            .toList();
    assertThat(leftOut).isNotEmpty();
    for (String address : leftOut) {
      assertThat(complaint("upstream a { server \"" + address + "\"; }"))
          .as("seed %d: %s", seed, address)
          .isNotEmpty();
    }
  }

  /** Whether a name is found depends on where this runs. */
  private static boolean isNamed(String address) {
    return address.matches("[A-Za-z0-9_][A-Za-z0-9._-]*(:\\d+)?");
  }

  /** Pieces of addresses, mostly in an order that makes sense. */
  private static String address(Random random) {
    String[] hosts = {
      "127.0.0.1",
      "10.0.0." + random.nextInt(300),
      "localhost",
      "[::1]",
      "[::]",
      "hub-1.example",
      "[" + Integer.toHexString(random.nextInt(70_000)) + "::" + random.nextInt(10) + "]",
      ipv6(random),
      "unix:/run/" + "s".repeat(random.nextInt(120)),
      "a_b",
      "1.2.3",
      "",
      "-",
      "*"
    };
    String[] ports = {
      "", ":" + random.nextInt(70_000), ":80", ":0", ":", ":http", ":080", "80", "/x", "%1", "."
    };
    String whole = hosts[random.nextInt(hosts.length)] + ports[random.nextInt(ports.length)];
    if (random.nextInt(4) == 0) {
      int at = random.nextInt(whole.length() + 1);
      String piece = String.valueOf("[]:.-_%/*0aF ".charAt(random.nextInt(13)));
      whole = whole.substring(0, at) + piece + whole.substring(at);
    }
    return whole;
  }

  private static String ipv6(Random random) {
    StringBuilder host = new StringBuilder("[");
    for (int i = random.nextInt(9); i >= 0; i--) {
      host.append(random.nextInt(4) == 0 ? "" : Integer.toHexString(random.nextInt(0x10000)));
      host.append(i == 0 ? "" : ":");
    }
    return host.append(random.nextInt(5) == 0 ? ":1.2.3.4]" : "]").toString();
  }

  @Test
  @DisplayName("of two names that differ in capitals alone, the one in use stays, in any order")
  void twins() throws Exception {
    BinLoad live = load("hub-1", BinState.CORDONED, 400, Map.of("address", "127.0.0.1:8001"));
    BinLoad imported = load("Hub-1", BinState.OPEN, 1_000, Map.of());
    assertStays(live, imported);
    assertStays(load("b", BinState.OPEN, 2, Map.of()), load("B", BinState.OPEN, 1, Map.of()));
    assertStays(load("B", BinState.OPEN, 2, Map.of()), load("b", BinState.OPEN, 1, Map.of()));
    assertStays(load("B", BinState.OPEN, 0, Map.of()), load("b", BinState.CORDONED, 0, Map.of()));
    assertStays(load("b", BinState.OPEN, 0, Map.of()), load("B", BinState.OPEN, 0, Map.of()));
    BinLoad broken = load("b", BinState.OPEN, 9, Map.of("address", "127.0.0.1:0"));
    NginxMap.Text made = MAP.text(List.of(broken, load("B", BinState.OPEN, 0, Map.of())));
    assertThat(made.text()).contains("\"B\";").doesNotContain("\"b\";");
    BinLoad retired = load("b", BinState.RETIRED, 0, Map.of("address", "127.0.0.1:1"));
    made = MAP.text(List.of(retired, load("B", BinState.OPEN, 0, Map.of())));
    assertThat(made.text()).contains("\"B\";");
    assertThat(made.leftOut()).isEmpty();
  }

  private void assertStays(BinLoad live, BinLoad phantom) throws Exception {
    for (List<BinLoad> bins : List.of(List.of(live, phantom), List.of(phantom, live))) {
      NginxMap.Text made = MAP.text(bins);
      assertThat(made.text())
          .contains("\"" + live.name() + "\";")
          .doesNotContain("\"" + phantom.name() + "\";");
      assertThat(made.leftOut())
          .singleElement()
          .asString()
          .startsWith("bin '" + phantom.name() + "' differs from '" + live.name() + "'");
      assertThat(complaint(made)).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.0.0.7", "169.254.169.254", "2130706433", "0x7f000001", "sharder"})
  @DisplayName("a name that is an address or another upstream is no hub")
  void numericNames(String name) {
    assertThat(MAP.text(List.of(load(name, BinState.OPEN, 0, Map.of()))).leftOut()).hasSize(1);
  }

  @Test
  @DisplayName("where names are looked up for each request, a hub without an address is left out")
  void namesWithoutAddress() {
    BinLoad hub = load("evil.example", BinState.OPEN, 0, Map.of());
    assertThat(MAP.text(List.of(hub)).leftOut()).isEmpty();
    assertThat(RESOLVING.text(List.of(hub)).leftOut()).singleElement().asString().contains("label");
  }

  @Test
  @DisplayName("an imported row with another case takes no live hub out")
  void imported() throws Exception {
    Undertow one = EchoHub.start("hub-1");
    try (DeployedSharder deployed =
        DeployedSharder.start(
            folder, DeployedWay.AUTHORITATIVE, List.of(RunningNginx.portOf(one)))) {
      assertThat(deployed.nginx().ask("ada", "GET", "/x", "").status()).isEqualTo(200);
      for (String user : List.of("eve", "bob")) {
        Path rows = folder.resolve("rows.csv");
        Files.writeString(rows, "object,bin\n" + user + ",Hub-1\n");
        deployed.command("import", rows.toString());
      }
      int code =
          HubSharder.commandLine()
              .execute("nginx-map", folder + "/hubs.conf", "--database", deployed.database());
      assertThat(code).as("something was left out").isEqualTo(4);
      assertThat(Files.readString(folder.resolve("hubs.conf")))
          .contains("\"hub-1\";")
          .doesNotContain("Hub-1");
    } finally {
      one.stop();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"COOKIE", "AUTHORITATIVE"})
  @DisplayName(
      "with a name server nginx starts though a name is not found, and that hub alone fails")
  void lookedUp(DeployedWay way) throws Exception {
    Undertow one = EchoHub.start("hub-1");
    try (NameServer names = NameServer.of("hub-1.example");
        DeployedSharder deployed =
            DeployedSharder.startAt(
                folder,
                way,
                List.of("hub-1.example:" + RunningNginx.portOf(one), "missing.example:8002"),
                "nginx-resolver: ['" + names.address() + "']")) {
      assertThat(asked(deployed, "ada", "hub-1").body()).isEqualTo("hub-1 has /x of nobody");
      assertThat(asked(deployed, "bob", "hub-2").status()).isIn(502, 503);
      assertThat(asked(deployed, "ada", "hub-1").status()).isEqualTo(200);
    } finally {
      one.stop();
    }
  }

  private static HubAnswer asked(DeployedSharder deployed, String user, String hub)
      throws Exception {
    return deployed.nginx().ask(user, "GET", "/x", "hub=" + hub);
  }

  @Test
  @DisplayName("without one nginx does not start, which is said beforehand")
  void notFound() throws Exception {
    NginxMap.Text made =
        MAP.text(List.of(hub("hub-1", "localhost:8001"), hub("hub-2", "missing.invalid:8002")));
    assertThat(complaint(made)).contains("host not found in upstream \"missing.invalid:8002\"");
    assertThat(made.unresolved())
        .singleElement()
        .asString()
        .startsWith("bin 'hub-2' has the address 'missing.invalid'")
        .contains("nginx-resolver");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "dns.example", "127.0.0.1; x", "unix:/x", "1.2.3", "[::1"})
  @DisplayName("a name server is an address")
  void resolvers(String resolver) {
    assertThatThrownBy(() -> MAP.withResolvers(List.of(resolver)))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining("'" + resolver + "'");
  }

  private String complaint(NginxMap.Text made) throws Exception {
    return complaint(made.text());
  }

  private String complaint(String http) throws Exception {
    return RunningNginx.complaint(
        folder, "pid x.pid;\nevents {}\nhttp {\n  access_log off;\n" + http + "\n}\n");
  }

  private static List<BinLoad> hubs(List<String> addresses) {
    return IntStream.range(0, addresses.size())
        .mapToObj(i -> hub("hub-" + i, addresses.get(i)))
        .toList();
  }

  private static BinLoad hub(String name, String address) {
    return load(name, BinState.OPEN, 0, Map.of("address", address));
  }

  private static BinLoad load(
      String name, BinState state, long assigned, Map<String, String> labels) {
    return new BinLoad(Bin.of(name).withState(state).withLabels(labels), assigned);
  }
}
