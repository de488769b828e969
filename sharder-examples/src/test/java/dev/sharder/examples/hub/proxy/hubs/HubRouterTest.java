package dev.sharder.examples.hub.proxy.hubs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.Bin;
import dev.sharder.BinState;
import dev.sharder.Sharder;
import dev.sharder.admin.Move;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.examples.hub.access.AccessToken;
import dev.sharder.examples.hub.access.TrustedPeers;
import dev.sharder.examples.hub.access.TrustedProxy;
import dev.sharder.examples.hub.config.PublicSettings.MovedWebSockets;
import dev.sharder.examples.hub.proxy.Decision;
import dev.sharder.examples.hub.proxy.Decision.Forward;
import dev.sharder.examples.hub.proxy.Decision.Refuse;
import dev.sharder.examples.hub.proxy.Eventually;
import dev.sharder.examples.hub.proxy.RequestHead;
import dev.sharder.examples.hub.proxy.RequestHeads;
import dev.sharder.examples.hub.proxy.hubs.HealthCheck.CheckResult;
import dev.sharder.examples.hub.redirect.UserNames;
import dev.sharder.examples.hub.server.CapturedLogLines;
import dev.sharder.store.AssignmentStore;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each request goes to the hub of its user, and to no other. */
@Timeout(60)
class HubRouterTest {

  private static final Note NOTE = new Note("test", "");
  private static final String SECRET = "nginx-and-the-sharder-alone-know-this";
  private static final String PROOF = "X-Sharder-Secret: " + SECRET;

  private final AssignmentStore store = AssignmentStore.inMemory();
  private final ShardAdmin admin = ShardAdmin.builder("hub", store).build();
  private Sharder sharder;
  private HubDirectory hubs;

  @BeforeEach
  void start() {
    sharder =
        Sharder.builder("hub", store)
            .bins(hub("hub-1", "http://127.0.0.1:8001/one"), hub("hub-2", "127.0.0.1:8002"))
            .build();
    hubs = new HubDirectory(sharder::bins, hub -> {});
    hubs.refresh();
  }

  @AfterEach
  void close() {
    hubs.close();
    sharder.close();
    store.close();
  }

  private static Bin hub(String name, String address) {
    return Bin.of(name).withLabels(Map.of("address", address));
  }

  private HubRouter router(Optional<String> userHeader) throws Exception {
    ProxyMeters meters = new ProxyMeters(new SimpleMeterRegistry(), bin -> true);
    UserWebSockets webSockets = new UserWebSockets(MovedWebSockets.STAY, user -> Optional.empty());
    return new HubRouter(
        sharder,
        new UserNames(true),
        new TrustedProxy(TrustedPeers.of(List.of("127.0.0.0/8")), List.of(AccessToken.of(SECRET))),
        hubs,
        (hub, user) -> new UserTraffic(hub, meters.of(hub.name()), user, webSockets),
        userHeader);
  }

  private Decision decide(RequestHead request) throws Exception {
    return decide(router(Optional.empty()), request);
  }

  private static Decision decide(HubRouter router, RequestHead request) throws Exception {
    return router.route(request).toCompletableFuture().get(20, TimeUnit.SECONDS);
  }

  private static RequestHead of(String user) {
    return RequestHeads.get("/", PROOF, "REMOTE_USER: " + user);
  }

  private String hubOf(String user) throws Exception {
    return ((Forward) decide(of(user))).target().toString();
  }

  @Test
  @DisplayName("users are spread over the hubs, and each stays where they are")
  void spread() throws Exception {
    assertThat(hubOf("ada")).isEqualTo("http://127.0.0.1:8001/one");
    assertThat(hubOf("bob")).isEqualTo("http://127.0.0.1:8002");
    assertThat(hubOf("Ada")).isEqualTo("http://127.0.0.1:8001/one");
  }

  @Test
  @DisplayName("a move counts from the next request on")
  void move() throws Exception {
    assertThat(hubOf("ada")).endsWith(":8001/one");
    admin.move(Move.of("ada", "hub-2"), NOTE);
    assertThat(hubOf("ada")).endsWith(":8002");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/a%2Fb//c;d?", "/x??y=%20&z=@", "/\u00e9?q='\"|{}"})
  @DisplayName("the path and query go on byte for byte, behind the path of the hub's address")
  void bytes(String uri) throws Exception {
    Forward forward = (Forward) decide(RequestHeads.get(uri, PROOF, "REMOTE_USER: ada"));
    byte[] sent = forward.uri().getBytes(StandardCharsets.ISO_8859_1);
    assertThat(new String(sent, StandardCharsets.UTF_8)).isEqualTo("/one" + uri);
  }

  @Test
  @DisplayName("a request without a user is 401, from a stranger 403, and with a bad name 400")
  void refusals() throws Exception {
    assertRefused(401, "REMOTE_USER", RequestHeads.get("/", PROOF));
    assertRefused(401, "REMOTE_USER", RequestHeads.get("/", PROOF, "REMOTE_USER: (null)"));
    assertRefused(400, "2 times", RequestHeads.get("/", PROOF, "REMOTE_USER: a", "Remote_User: b"));
    assertRefused(400, "user name", of("a\u00a0"));
    assertRefused(403, "X-Sharder-Secret", RequestHeads.get("/", "REMOTE_USER: ada"));
    assertRefused(403, "X-Sharder-Secret", RequestHeads.get("/", PROOF + "x", "REMOTE_USER: ada"));
    InetAddress stranger = InetAddress.getByName("192.0.2.1");
    assertRefused(403, "proxy in front", RequestHeads.from(stranger, "/", PROOF, "REMOTE_USER: a"));
    assertThat(admin.bins()).allSatisfy(bin -> assertThat(bin.assigned()).isZero());
  }

  private void assertRefused(int status, String reason, RequestHead request) throws Exception {
    assertThat(decide(request))
        .isInstanceOfSatisfying(
            Refuse.class,
            refusal -> {
              assertThat(refusal.status()).isEqualTo(status);
              assertThat(refusal.reason()).contains(reason);
            });
  }

  @Test
  @DisplayName("hubs see neither the user nor the secret, unless a header for the user is set")
  void headers() throws Exception {
    Forward plain = (Forward) decide(of("ada"));
    assertThat(plain.edits().remove()).contains("REMOTE_USER", "X-Sharder-Secret");
    assertThat(plain.edits().set()).isEmpty();
    Forward named = (Forward) decide(router(Optional.of("X-Remote-User")), of("\u00c9va"));
    assertThat(named.edits().remove()).contains("REMOTE_USER", "X-Sharder-Secret", "X-Remote-User");
    assertThat(named.edits().set()).isEqualTo(Map.of("X-Remote-User", "\u00c3\u00a9va"));
  }

  @Test
  @DisplayName("a user of a hub that is down gets 503, and no other hub")
  void down() throws Exception {
    assertThat(hubOf("ada")).endsWith(":8001/one");
    assertThat(hubOf("bob")).endsWith(":8002");
    Hub hub = hubs.find("hub-1").orElseThrow();
    CheckResult dead = new CheckResult(HubState.DOWN, "connection refused");
    hub.checked(CheckResult.UP);
    hub.checked(dead);
    assertThat(hubOf("ada")).as("one failure proves nothing").endsWith(":8001/one");
    hub.checked(dead);
    for (int i = 0; i < 10; i++) {
      assertRefused(503, "hub-1, is down", of("ada"));
    }
    assertThat(hubOf("bob")).endsWith(":8002");
    hub.checked(CheckResult.UP);
    assertThat(hubOf("ada")).endsWith(":8001/one");
  }

  @Test
  @DisplayName("a hub that is failing still gets its users")
  void failing() throws Exception {
    hubOf("ada");
    Hub hub = hubs.find("hub-1").orElseThrow();
    hub.checked(new CheckResult(HubState.FAILING, "503"));
    hub.checked(new CheckResult(HubState.FAILING, "503"));
    assertThat(hub.state()).isEqualTo(HubState.FAILING);
    assertThat(hubOf("ada")).endsWith(":8001/one");
  }

  @Test
  @DisplayName("a hub without a usable address is left out, logged once, and costs no other")
  void leftOut() throws Exception {
    admin.addBin(Bin.of("hub-3"), NOTE);
    admin.addBin(hub("hub-4", "foo bar:80"), NOTE);
    try (CapturedLogLines log = CapturedLogLines.of(HubDirectory.class)) {
      hubs.refresh();
      hubs.refresh();
      assertThat(log.lines())
          .containsExactly(
              "left out: bin 'hub-3' has no address; give it the label 'address', such as http://10.0.0.7:8000",
              "left out: bin 'hub-4' has the address 'foo bar:80', which is not one; write it like http://10.0.0.7:8000, https://hub.example or unix:/run/hub.sock");
    }
    hubOf("ada");
    admin.move(Move.of("ada", "hub-3"), NOTE);
    assertRefused(503, "hub-3, has no address", of("ada"));
    hubOf("bob");
    admin.move(Move.of("bob", "hub-1"), NOTE);
    assertThat(hubOf("bob")).endsWith(":8001/one");
  }

  @Test
  @DisplayName("a hub that was added a moment ago is found soon")
  void added() throws Exception {
    admin.addBin(hub("hub-3", "unix:/run/hub.sock"), NOTE);
    hubOf("ada");
    admin.move(Move.of("ada", "hub-3"), NOTE);
    assertRefused(503, "hub-3, is not known here yet", of("ada"));
    Decision found = Eventually.await(() -> decide(of("ada")), Forward.class::isInstance);
    assertThat(((Forward) found).target().socket()).isEqualTo("/run/hub.sock");
  }

  @Test
  @DisplayName("a hub whose address changes keeps its users")
  void moved() throws Exception {
    hubOf("ada");
    admin.changeBin("hub-1", bin -> bin.withLabels(Map.of("address", "10.0.0.7:1")), NOTE);
    hubs.refresh();
    assertThat(hubOf("ada")).isEqualTo("http://10.0.0.7:1");
  }

  @Test
  @DisplayName("while no hub takes new users, they get 503 and the others their hub")
  void full() throws Exception {
    hubOf("ada");
    admin.changeBin("hub-1", bin -> bin.withState(BinState.CORDONED), NOTE);
    admin.changeBin("hub-2", bin -> bin.withState(BinState.CORDONED), NOTE);
    assertRefused(503, "no hub accepts new users", of("bob"));
    assertThat(hubOf("ada")).endsWith(":8001/one");
  }
}
