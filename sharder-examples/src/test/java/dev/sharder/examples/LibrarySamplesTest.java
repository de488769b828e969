package dev.sharder.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.Assignment;
import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.BinPolicy;
import dev.sharder.BinState;
import dev.sharder.NoOpenBinException;
import dev.sharder.Placement;
import dev.sharder.Progress;
import dev.sharder.Sharder;
import dev.sharder.admin.Change;
import dev.sharder.admin.Move;
import dev.sharder.admin.Note;
import dev.sharder.admin.Plan;
import dev.sharder.admin.PlanOptions;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.admin.Simulation;
import dev.sharder.jdbc.JdbiAssignmentStore;
import dev.sharder.metrics.SharderMetrics;
import dev.sharder.store.AssignmentStore;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The Java that the README and docs/library.md show, compiled and run. */
class LibrarySamplesTest {

  private static final Logger log = LoggerFactory.getLogger(LibrarySamplesTest.class);

  private final AssignmentStore store = AssignmentStore.inMemory();

  private Sharder threeHubs() {
    return Sharder.builder("hub", store).bins("hub-1", "hub-2", "hub-3").build();
  }

  @Test
  @DisplayName("a store in memory stands in for a database in unit tests")
  void inMemory() {
    Sharder hubs =
        Sharder.builder("hub", AssignmentStore.inMemory()).bins("hub-1", "hub-2").build();
    assertThat(hubs.assign("ada").bin()).isEqualTo("hub-1");
  }

  @Test
  @DisplayName("an operator empties a hub in one call")
  void drain() {
    AssignmentStore store = AssignmentStore.inMemory();
    Sharder hubs = Sharder.builder("hub", store).bins("hub-1", "hub-2").build();
    assertEquals("hub-1", hubs.assign("ada").bin());
    ShardAdmin admin = ShardAdmin.builder("hub", store).build();
    admin.drain(
        "hub-1", new Note("bob", "new disks"), done -> System.out.println(done.moved().keySet()));
    assertEquals("hub-2", hubs.assign("ada").bin());
  }

  @Test
  @DisplayName("a pool has a timeout below the sharder's and connections enough")
  void pool() {
    HikariDataSource database = new HikariDataSource();
    database.setJdbcUrl("jdbc:sqlite::memory:");
    database.setConnectionTimeout(5_000); // below the sharder's time limit of 10 s
    database.setMaximumPoolSize(10);
    JdbiAssignmentStore store = JdbiAssignmentStore.create(database);
    try (database;
        store) {
      assertThat(store.kinds(dev.sharder.store.Deadline.in(Duration.ofSeconds(10)))).isEmpty();
    }
  }

  @Test
  @DisplayName("bins have a weight, an offset, a capacity and labels")
  void bins() {
    Sharder hubs =
        Sharder.builder("hub", store)
            .bins(
                List.of(
                    Bin.of("hub-1"),
                    Bin.of("hub-2").withWeight(2).withOffset(10),
                    Bin.of("hub-3").withCapacity(400).withLabels(Map.of("gpu", "yes"))))
            .build();
    assertThat(hubs.assign("ada").bin()).isEqualTo("hub-1");
  }

  @Test
  @DisplayName("objects are found, assigned without blocking, many at once and from a roster")
  void many() throws Exception {
    Sharder hubs = threeHubs();
    Stream<String> lines = IntStream.range(0, 30_000).mapToObj(i -> "user-" + i);
    Optional<Assignment> known = hubs.find("ada"); // never makes an assignment
    List<Placement> placements = hubs.assignAll(List.of("ada", "bob"));
    hubs.assignAsync("cyd").thenAccept(placement -> log.info("cyd is in {}", placement.bin()));
    Progress total =
        hubs.assignRoster(
            lines.iterator(),
            done -> log.info("{} answered, {} of them new", done.answered(), done.made()));
    assertThat(known).isEmpty();
    assertThat(placements).extracting(Placement::bin).containsExactly("hub-1", "hub-2");
    assertThat(total).isEqualTo(new Progress(30_000, 30_000));
    CompletableFuture<Placement> cyd = hubs.assignAsync("cyd").toCompletableFuture();
    assertThat(cyd.get(10, TimeUnit.SECONDS).object()).isEqualTo("cyd");
  }

  @Test
  @DisplayName("sizes count toward loads, and a group shares a bin")
  void sizesAndGroups() {
    Sharder hubs = threeHubs();
    hubs.assign(hubs.request("ada").withSize(5).withGroup("lab"));
    hubs.assign(hubs.request("bob").withGroup("lab")); // goes where ada is
    assertThat(hubs.bins().get(0).assigned()).isEqualTo(6);
  }

  @Test
  @DisplayName("policies wrap one another")
  void policies() {
    BinPolicy policy =
        BinPolicy.pinned(
            Map.of("ada", "hub-3"), // by name
            Map.of("staff-", "hub-1"), // by prefix
            BinPolicy.ramped(0.5, BinPolicy.emptiest())); // all others
    Sharder hubs =
        Sharder.builder("hub", store).bins("hub-1", "hub-2", "hub-3").policy(policy).build();
    assertThat(hubs.assign("ada").bin()).isEqualTo("hub-3");
    assertThat(hubs.assign("staff-bob").bin()).isEqualTo("hub-1");
    assertThat(hubs.assign("cyd").bin()).isEqualTo("hub-2");
  }

  @Test
  @DisplayName("a policy of one's own is tried without a database")
  void simulation() {
    BinPolicy firstByName = (request, open) -> open.get(0);
    Simulation simulation =
        Simulation.of(
            "hub", firstByName, List.of(Bin.of("hub-1").withCapacity(600), Bin.of("hub-2")));
    simulation.assign(
        IntStream.range(0, 1_000)
            .mapToObj(i -> AssignmentRequest.of("hub", "user-" + i))
            .iterator());
    assertThat(simulation.balance().spread()).isEqualTo(200); // 600 and 400
    simulation.addBin(Bin.of("hub-3"));
    simulation.drain("hub-2");
    assertThat(simulation.planRebalance().moves()).isEqualTo(100); // from hub-1 to hub-3
  }

  @Test
  @DisplayName("an error says which bins exist and why each refuses")
  void errors() {
    Sharder hubs = Sharder.builder("hub", store).bins(List.of(bin(BinState.CORDONED))).build();
    try {
      hubs.assign("ada");
    } catch (NoOpenBinException full) {
      log.warn("{}", full.getMessage());
      full.refusals().forEach((bin, why) -> log.warn("{} {}", bin, why));
    }
    assertThatThrownBy(() -> hubs.assign("ada"))
        .isInstanceOfSatisfying(
            NoOpenBinException.class,
            full -> assertThat(full.refusals()).containsOnlyKeys("hub-1"));
  }

  private static Bin bin(BinState state) {
    return Bin.of("hub-1").withState(state);
  }

  @Test
  @DisplayName("a sharder is counted and timed by Micrometer")
  void metrics() {
    MeterRegistry registry = new SimpleMeterRegistry();
    Sharder hubs =
        Sharder.builder("hub", store)
            .bins("hub-1", "hub-2")
            .listener(SharderMetrics.in(registry))
            .build();
    hubs.assign("ada");
    assertThat(registry.get("sharder.assignments").counter().count()).isEqualTo(1);
  }

  @Test
  @DisplayName("an operator adds bins, drains one and reads what happened")
  void admin() {
    threeHubs().assignAll(List.of("ada", "bob", "cyd"));
    ShardAdmin admin = ShardAdmin.builder("hub", store).build();
    Note note = new Note("ada", "new disks");
    admin.addBin(Bin.of("hub-4").withCapacity(400), note);
    admin.drain("hub-1", note, batch -> log.info("{} moved", batch.moved().size()));
    List<Change> history = admin.history("ada");
    assertThat(admin.bin("hub-1").assigned()).isZero();
    assertThat(history).isNotEmpty();
    Plan plan = admin.planDrain("hub-2", PlanOptions.ALL);
    log.info("{} would move, and {} find no room", plan.moves(), plan.stranded());
    admin.apply(admin.moves(plan), note, batch -> log.info("{} moved", batch.moved().size()));
    assertThat(admin.bin("hub-2").assigned()).isZero();
  }

  @Test
  @DisplayName("tenants go to databases of their region")
  void attributes() {
    Note note = new Note("ada", "new disks");
    BinPolicy byRegion = BinPolicy.labelled(Set.of("region"), BinPolicy.emptiest());
    Sharder tenants =
        Sharder.builder("tenant", store)
            .bins(
                Bin.of("db-1").withLabels(Map.of("region", "eu")),
                Bin.of("db-2").withLabels(Map.of("region", "eu")),
                Bin.of("db-3").withLabels(Map.of("region", "us")))
            .policy(byRegion)
            .build();
    tenants.assign(tenants.request("acme").withAttributes(Map.of("region", "eu"))); // db-1
    ShardAdmin admin = ShardAdmin.builder("tenant", store).policy(byRegion).build();
    admin.drain("db-1", note, done -> {}); // acme goes to db-2
    assertThat(tenants.find("acme").orElseThrow().bin()).isEqualTo("db-2");
  }

  @Test
  @DisplayName("a program hears of moves")
  void changes() throws Exception {
    BlockingQueue<String> closed = new LinkedBlockingQueue<>();
    Consumer<String> closeConnections = closed::add;
    Sharder tenants =
        Sharder.builder("tenant", store)
            .bins("db-1", "db-2")
            .onChange(change -> change.object().ifPresent(closeConnections))
            .build();
    tenants.assign("acme");
    ShardAdmin admin = ShardAdmin.builder("tenant", store).build();
    for (int move = 0; closed.isEmpty(); move++) {
      admin.move(Move.of("acme", "db-" + (1 + move % 2)), new Note("ada", "test"));
    }
    assertThat(closed.take()).isEqualTo("acme");
  }

  @Test
  @DisplayName("they, and the application of src/it, are what the README and docs/library.md show")
  void documented() {
    String samples =
        withoutIndent(
            DocumentationPages.read(
                    "sharder-examples/src/test/java/dev/sharder/examples/LibrarySamplesTest.java")
                + DocumentationPages.read(
                    "sharder-jdbc/src/it/spring-boot/src/main/java/application/Application.java"));
    List<String> shown = new ArrayList<>(DocumentationPages.blocks("docs/library.md", "java"));
    // The first of the README is the quick start.
    shown.add(DocumentationPages.blocks("README.md", "java").get(1));
    assertThat(shown)
        .hasSizeGreaterThan(5)
        .allSatisfy(block -> assertThat(samples).contains(withoutIndent(block.strip())));
  }

  /** Joins the lines, which the formatter breaks otherwise than a page does. */
  private static String withoutIndent(String java) {
    return java.replaceAll("\\s+", " ").replace("( ", "(");
  }
}
