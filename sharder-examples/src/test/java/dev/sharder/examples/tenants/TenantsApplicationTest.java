package dev.sharder.examples.tenants;

import static dev.sharder.examples.tenants.RunningTenants.BINS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.sharder.Bin;
import dev.sharder.RefusedException;
import dev.sharder.Sharder;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/** Each tenant's rows are in one database, the one that the library names. */
@Timeout(120)
class TenantsApplicationTest {

  private static final Note NOTE = new Note("ada", "to try it");

  @TempDir private Path folder;

  private RunningTenants app;

  @BeforeEach
  void start() {
    app = RunningTenants.start(folder);
  }

  @AfterEach
  void stop() {
    app.close();
  }

  @Test
  void aThousandTenantsWhoComeAtOnceLiveInOneFileEachAndTheFilesAreEven() throws Exception {
    List<String> tenants = IntStream.range(0, 1_000).mapToObj(i -> "tenant" + i).toList();
    Map<String, String> toldBins = new HashMap<>();
    inParallel(
            tenants.stream()
                .map(tenant -> (Callable<List<String>>) () -> List.of(tenant, begin(tenant)))
                .toList())
        .forEach(row -> toldBins.put(row.get(0), row.get(1)));

    Map<String, String> foundIn = new HashMap<>();
    for (String bin : BINS) {
      List<String> here = rows(bin, "SELECT tenant FROM note");
      assertThat(here).hasSizeBetween(333, 334);
      assertThat(rows(bin, "SELECT name FROM tenant")).containsExactlyInAnyOrderElementsOf(here);
      here.forEach(tenant -> assertThat(foundIn.put(tenant, bin)).isNull());
    }
    assertThat(foundIn).isEqualTo(toldBins).containsOnlyKeys(tenants);
    assertThat(app.notes("tenant7").body()).isEqualTo("[\"first of tenant7\"]");
  }

  private String begin(String tenant) throws Exception {
    String bin = app.signUp(tenant);
    assertThat(app.add(tenant, "first of " + tenant).statusCode()).isEqualTo(200);
    return bin;
  }

  @Test
  void aTenantWhoMovedIsFoundAtTheNewPlaceAtOnceAndTheOldRowsAreNotSeen() throws Exception {
    assertThat(begin("ada")).isEqualTo("db-1");
    app.the(TenantMover.class).move("ada", "db-3", NOTE);
    write("db-1", "INSERT INTO note (tenant, text) VALUES ('ada', 'left behind')");

    assertThat(app.add("ada", "second").statusCode()).isEqualTo(200);
    assertThat(app.notes("ada").body()).isEqualTo("[\"first of ada\",\"second\"]");
    assertThat(rows("db-3", "SELECT text FROM note")).containsExactly("first of ada", "second");
    assertThat(rows("db-1", "SELECT text FROM note")).containsExactly("left behind");
  }

  @Test
  void aMoveThatFailsOnItsWayLeavesTheTenantWhereItWas() throws Exception {
    begin("ada");
    app.the(ShardAdmin.class).changeBin("db-2", bin -> bin.withCapacity(0), NOTE);

    assertThatThrownBy(() -> app.the(TenantMover.class).move("ada", "db-2", NOTE))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("db-2");
    app.the(ShardAdmin.class).addBin(Bin.of("db-4"), NOTE);
    assertThatThrownBy(() -> app.the(TenantMover.class).move("ada", "db-4", NOTE))
        .hasMessage(
            "the database of bin 'db-4' cannot be opened: bin 'db-4' has no label 'url'; set it to its JDBC URL");

    assertThat(app.add("ada", "second").statusCode()).isEqualTo(200);
    assertThat(app.notes("ada").body()).isEqualTo("[\"first of ada\",\"second\"]");
  }

  /** The one who writes has its answers in memory, and hears of the moves a moment later. */
  @Test
  void nothingThatAnotherProcessWritesIsLostWhileATenantMovesToAndFro() throws Exception {
    begin("ada");
    try (RunningTenants other = RunningTenants.start(folder)) {
      ExecutorService writer = Executors.newSingleThreadExecutor();
      AtomicBoolean stop = new AtomicBoolean();
      Future<List<String>> written = writer.submit(() -> writeUntil(stop, other));
      try {
        for (int move = 0; move < 12; move++) {
          app.the(TenantMover.class).move("ada", BINS.get((move + 1) % 3), NOTE);
          awaitNoteOf(other);
        }
      } finally {
        stop.set(true);
        writer.shutdown();
      }
      List<String> expected = new ArrayList<>(List.of("first of ada"));
      expected.addAll(written.get());
      assertThat(rows("db-1", "SELECT text FROM note ORDER BY id")).isEqualTo(expected);
      assertThat(rows("db-2", "SELECT text FROM note")).isEmpty();
      assertThat(rows("db-3", "SELECT text FROM note")).isEmpty();
    }
  }

  private static List<String> writeUntil(AtomicBoolean stop, RunningTenants app) throws Exception {
    List<String> written = new ArrayList<>();
    while (!stop.get()) {
      String text = "note " + written.size();
      HttpResponse<String> answer = app.add("ada", text);
      assertThat(answer.statusCode()).as(answer.body()).isIn(200, 503);
      if (answer.statusCode() == 200) {
        written.add(text);
      }
    }
    return written;
  }

  private static void awaitNoteOf(RunningTenants app) throws Exception {
    HttpResponse<String> answer = app.notes("ada");
    while (answer.statusCode() == 503) {
      answer = app.notes("ada");
    }
    assertThat(answer.body()).startsWith("[\"first of ada\"");
  }

  @Test
  void aDatabaseThatIsAddedWhileItRunsTakesTheNextTenantAndKeepsIt() throws Exception {
    for (String tenant : List.of("ada", "bob", "cy")) {
      begin(tenant);
    }
    Map<String, String> label = Map.of("url", RunningTenants.url(folder, "db-4"));
    app.the(ShardAdmin.class).addBin(Bin.of("db-4").withLabels(label), NOTE);

    assertThat(begin("dan")).isEqualTo("db-4");
    assertThat(rows("db-4", "SELECT text FROM note")).containsExactly("first of dan");

    app.close();
    app = RunningTenants.start(folder);
    assertThat(app.notes("dan").body()).isEqualTo("[\"first of dan\"]");
    assertThat(begin("eve")).as("db-4 is not in the application.yml").isEqualTo("db-1");
  }

  @Test
  void whoNamesNoTenantIsToldSoEvenOnTheThreadOfARequestThatDid() throws Exception {
    app.close();
    app = RunningTenants.start(folder, "--server.tomcat.threads.max=1");
    begin("ada");
    assertThat(app.notes("ada").statusCode()).isEqualTo(200);
    HttpResponse<String> answer = app.notesOfNobody();
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body()).contains("no tenant is set; send the header X-Tenant");
  }

  @Test
  void aTenantWhoNeverSignedUpIsToldSoAndGetsNoPlace() throws Exception {
    HttpResponse<String> answer = app.add("adda", "a note");
    assertThat(answer.statusCode()).isEqualTo(400);
    assertThat(answer.body()).contains("tenant 'adda' is not known; sign it up");
    assertThat(app.notes(" ").statusCode()).isEqualTo(400);
    assertThat(app.the(Sharder.class).bins()).allMatch(bin -> bin.assigned() == 0);
  }

  @Test
  void aTransactionBeginsOnlyAfterTheTenantIsKnown() throws Exception {
    begin("ada");
    TransactionTemplate transaction =
        new TransactionTemplate(app.the(PlatformTransactionManager.class));
    assertThatThrownBy(() -> transaction.execute(status -> "never"))
        .hasRootCauseInstanceOf(NoTenantException.class);

    CurrentTenant ada = CurrentTenant.enter("ada");
    try (ada) {
      assertThatThrownBy(() -> transaction.execute(status -> CurrentTenant.enter("bob")))
          .hasMessageContaining("enter tenant 'bob' before the transaction starts");
      assertThat(CurrentTenant.name()).isEqualTo("ada");
    }
    assertThatThrownBy(CurrentTenant::name).isInstanceOf(NoTenantException.class);
  }

  @Test
  void aRestartKeepsEverythingAndClosesEveryPool() throws Exception {
    List<String> bins = List.of(begin("ada"), begin("bob"), begin("cy"));
    app.the(TenantMover.class).move("ada", "db-2", NOTE);
    List<HikariDataSource> pools = new ArrayList<>(List.of(app.the(HikariDataSource.class)));
    for (String bin : bins) {
      pools.add((HikariDataSource) app.the(TenantDataSource.class).database(bin));
    }
    app.close();
    assertThat(pools).hasSize(4).allMatch(HikariDataSource::isClosed);

    app = RunningTenants.start(folder);
    assertThat(List.of(app.signUp("ada"), app.signUp("bob"), app.signUp("cy")))
        .containsExactly("db-2", "db-2", "db-3");
    for (String tenant : List.of("ada", "bob", "cy")) {
      assertThat(app.notes(tenant).body()).isEqualTo("[\"first of " + tenant + "\"]");
    }
  }

  @Test
  void theMetersOfTheSharderAreInTheRegistryOfTheApplication() throws Exception {
    begin("ada");
    assertThat(
            app.the(MeterRegistry.class)
                .get("sharder.assignments")
                .tags("kind", "database", "bin", "db-1", "result", "new")
                .counter()
                .count())
        .isEqualTo(1);
  }

  private static <T> List<T> inParallel(List<Callable<T>> tasks) throws Exception {
    ExecutorService callers = Executors.newFixedThreadPool(8);
    try {
      List<T> results = new ArrayList<>();
      for (Future<T> done : callers.invokeAll(tasks)) {
        results.add(done.get());
      }
      return results;
    } finally {
      callers.shutdown();
    }
  }

  /** Past the application: what the file holds. */
  private List<String> rows(String bin, String query) throws SQLException {
    List<String> rows = new ArrayList<>();
    try (Connection connection = DriverManager.getConnection(RunningTenants.url(folder, bin));
        Statement statement = connection.createStatement();
        ResultSet found = statement.executeQuery(query)) {
      while (found.next()) {
        rows.add(found.getString(1));
      }
    }
    return rows;
  }

  private void write(String bin, String update) throws SQLException {
    try (Connection connection = DriverManager.getConnection(RunningTenants.url(folder, bin));
        Statement statement = connection.createStatement()) {
      statement.executeUpdate(update);
    }
  }
}
