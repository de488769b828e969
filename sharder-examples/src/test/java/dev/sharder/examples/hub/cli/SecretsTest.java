package dev.sharder.examples.hub.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sharder.examples.hub.secrets.DatabaseUrl;
import dev.sharder.examples.hub.secrets.LogConfiguration;
import dev.sharder.examples.hub.secrets.Secrets;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.mariadb.jdbc.Configuration;
import org.mariadb.jdbc.export.HaMode;

@DisplayName("A password is in no message and in no line of a log, however it was written")
@Timeout(120)
class SecretsTest {

  private static final String NOWHERE = "127.0.0.1:1/people";

  /** Between two halves, each of which must not be shown either. */
  private static final List<String> SEPARATORS =
      List.of("/", "+", "@", "#", "%", "%2F", "&", "&x=", "?", ";", ":", ",", " ", "=", "'", "\\");

  private static final List<String> FORMS =
      List.of(
          "postgres://ada:PASS@" + NOWHERE,
          "postgresql://ada:PASS@" + NOWHERE + "?sslmode=require",
          "postgres://:PASS@" + NOWHERE,
          "POSTGRES://ada:PASS@" + NOWHERE,
          "jdbc:postgres://ada:PASS@" + NOWHERE,
          "jdbc:postgresql://ada:PASS@" + NOWHERE,
          "jdbc:postgresql://ada:PASS@127.0.0.1:1,127.0.0.1:2/people",
          "jdbc:postgresql://" + NOWHERE + "?user=ada&password=PASS",
          "jdbc:postgresql://" + NOWHERE + "?password=PASS&user=ada",
          "jdbc:postgresql://" + NOWHERE + ";password=PASS",
          "jdbc:postgresql://" + NOWHERE + "?ssl=false&sslpassword=PASS",
          "jdbc:postgresql://" + NOWHERE + "?pasword=PASS",
          "jdbc:postgresql://" + NOWHERE + "?password='PASS'",
          "jdbc:postgresql://127.0.0.1:1,127.0.0.1:2/people?password=PASS",
          "jdbc:postgresql://127.0.0.1:one/people?password=PASS",
          "jdbc:postgresql://127.0.0.1:99999/people?password=PASS",
          "jdbc:postgresql://127.0.0.1?password=PASS",
          "jdbc:postgresql:?password=PASS&socketTimeout=none",
          "JDBC:postgresql://" + NOWHERE + "?password=PASS",
          "jdbc:mariadb://" + NOWHERE + "?user=ada&password=PASS",
          "jdbc:mariadb://" + NOWHERE + ";password=PASS",
          "jdbc:mariadb://" + NOWHERE + "?keyStorePassword=PASS",
          "jdbc:mariadb://ada:PASS@" + NOWHERE,
          "jdbc:mariadb:ada:PASS@" + NOWHERE,
          "jdbc:mariadb:sequential://127.0.0.1:1,127.0.0.1:2/people?password=PASS",
          "jdbc:mariadb:sequential:PASS//127.0.0.1:1/people",
          "jdbc:mariadb://127.0.0.1?password=PASS",
          "mysql+pymysql://ada:PASS@" + NOWHERE,
          "jdbc:mysql://ada:PASS@127.0.0.1:1/people",
          "jdbc:mysql://127.0.0.1:1/people?password=PASS",
          "jdbc:sqlserver://127.0.0.1:1;user=ada;password=PASS",
          "jdbc:oracle:thin:ada/PASS@127.0.0.1:1:x",
          "jdbc:sqlite:/no/such/folder/people.db?password=PASS",
          "mongodb://ada:PASS@127.0.0.1:1",
          "ada:PASS@" + NOWHERE,
          "ada:PASS",
          "postgres:ada:PASS@" + NOWHERE,
          "host=127.0.0.1 port=1 user=ada password=PASS",
          "\"postgres://ada:PASS@" + NOWHERE + "\"");

  @TempDir private Path folder;

  private final List<String> driverLog = new ArrayList<>();
  private final Logger drivers = Logger.getLogger("");
  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord record) {
          driverLog.add(record.getMessage() + record.getThrown());
          for (Object part :
              record.getParameters() == null ? new Object[0] : record.getParameters()) {
            driverLog.add(String.valueOf(part));
          }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void listen() {
    handler.setLevel(Level.INFO);
    drivers.addHandler(handler);
  }

  @AfterEach
  void ignore() {
    drivers.removeHandler(handler);
  }

  private static Stream<String> urls(List<String> forms, List<String> separators) {
    return forms.stream()
        .flatMap(
            form ->
                separators.stream()
                    .map(separator -> form.replace("PASS", "Hu5hed" + separator + "Wh15per")));
  }

  @Test
  @DisplayName("in no form of a URL, whatever the password has in it")
  void url() {
    assertThat(urls(FORMS, SEPARATORS))
        .allSatisfy(
            url -> {
              DatabaseUrl database = new DatabaseUrl(url);
              assertThat(database.shown() + database.complaint("a", "b"))
                  .doesNotContain("Hu5hed", "Wh15per");
              Secrets.keep(database);
              assertThat(Secrets.masked("No suitable driver found for " + url + "; do"))
                  .doesNotContain("Hu5hed", "Wh15per");
            });
  }

  static Stream<String> everyForm() {
    return Stream.concat(
            urls(FORMS, List.of("@/?")), urls(List.of(FORMS.get(0), FORMS.get(7)), SEPARATORS))
        .distinct();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("everyForm")
  @DisplayName("wherever a command is given a URL")
  void place(String url) throws Exception {
    for (CommandShell.CommandOutcome outcome :
        List.of(
            serve("--database", url),
            serve("--config", yaml("replica: " + quoted(url)), "--database", sqlite()),
            CommandShell.runAsIs("find", "ada", "--config", yaml("database: " + quoted(url))),
            CommandShell.runAsIs("find", "ada", "--databse", url),
            CommandShell.runAsIs(
                "import", "--from", "data8xhub", "--database", url, "--into", sqlite()),
            CommandShell.runAsIs("import", "--from", "callysto", theirs(), "--into", url))) {
      assertThat(outcome.exitCode()).isIn(1, 2);
      assertThat(outcome.err())
          .startsWith("sharder")
          .doesNotContain("Hu5hed", "Wh15per")
          .hasLineCount(1);
      assertThat(outcome.out()).isEmpty();
    }
    assertThat(driverLog.toString()).doesNotContain("Hu5hed", "Wh15per");
  }

  @ParameterizedTest
  @ValueSource(strings = {"Hu5hed/Wh15per", "Hu5hed@Wh15per", "Hu5hed Wh15per", "'Hu5hed'"})
  @DisplayName("in the file of callysto's sharder")
  void callysto(String password) throws Exception {
    for (String type : List.of("postgresql", "mysql")) {
      for (String host : List.of("127.0.0.1:1", "ada:" + password + "@127.0.0.1:1")) {
        String file =
            yaml(
                "db_type: %s\ndb_name: people\nhubs: [{name: h}]\ndb_user: ada\ndb_host: %s\ndb_password: %s"
                    .formatted(type, quoted(host), quoted(password)));
        for (CommandShell.CommandOutcome outcome :
            List.of(
                serve("--config", file),
                CommandShell.runAsIs("import", "--from", "callysto", file, "--into", sqlite()))) {
          assertThat(outcome.exitCode()).isIn(1, 2);
          assertThat(outcome.err()).doesNotContain("Hu5hed", "Wh15per");
        }
      }
    }
    assertThat(driverLog.toString()).doesNotContain("Hu5hed", "Wh15per");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "postgres://ada:Hu5hed@db.example.org:5433/people",
        "postgresql://ada:Hu5/h@ed@db.example.org:5433/people?sslmode=require",
        "jdbc:postgres://ada:Hu5hed@db.example.org:5433/people",
        "jdbc:postgresql://ada:Hu5hed@db.example.org:5433/people",
      })
  @DisplayName("and a URL of another kind gets the right form and the place of the login")
  void rightForm(String url) {
    assertThat(serve("--database", url).err())
        .contains(
            "write jdbc:postgresql://db.example.org:5433/people, with the user in database-user and"
                + " the password in SHARDER_DATABASE_PASSWORD")
        .doesNotContain("Hu5", "ed@");
    assertThat(
            CommandShell.runAsIs(
                    "import", "--from", "data8xhub", "--database", url, "--into", sqlite())
                .err())
        .contains(
            "write jdbc:postgresql://db.example.org:5433/people, with the user in SHARDER_FROM_USER"
                + " and the password in SHARDER_FROM_PASSWORD")
        .doesNotContain("Hu5", "ed@");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "jdbc:mysql://ada:Hu5hed@db.example.org:3307/people",
        "jdbc:mysql://db.example.org:3307/people?permitMysqlScheme&password=Hu5hed",
        "jdbc:mariadb://ada:Hu5hed@db.example.org:3307/people",
        "mysql+pymysql://ada:Hu5hed@db.example.org:3307/people",
        "mariadb://db.example.org:3307/people",
      })
  @DisplayName("and so does a URL of MySQL")
  void rightFormOfMariaDb(String url) {
    assertThat(serve("--database", url).err())
        .contains(
            "write jdbc:mariadb://db.example.org:3307/people, with the user in database-user and"
                + " the password in SHARDER_DATABASE_PASSWORD")
        .doesNotContain("Hu5", "ed@");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "jdbc:sqlite:sharder.db | jdbc:sqlite:sharder.db",
        "jdbc:sqlite:/home/ada@example.org/sharder.db |"
            + " jdbc:sqlite:/home/ada@example.org/sharder.db",
        "jdbc:sqlite::memory: | jdbc:sqlite::memory:",
        "sharder.db | sharder.db",
        "jdbc:postgresql://a.example,b.example:5433/people?targetServerType=primary |"
            + " jdbc:postgresql://a.example,b.example:5433/people?targetServerType=primary",
        "jdbc:postgresql://[fd00::1]:5433/people | jdbc:postgresql://[fd00::1]:5433/people",
        "jdbc:postgresql://h/people?user=ada&password=x&ssl=true |"
            + " jdbc:postgresql://h/people?user=ada&***",
        "jdbc:postgresql://ada:x@h:1/people | jdbc:postgresql://***@h:1/people",
        "jdbc:mariadb:sequential://a.example,b.example:3307/people?user=ada&sslMode=verify-full&password=x |"
            + " jdbc:mariadb:sequential://a.example,b.example:3307/people?user=ada&sslMode=verify-full&***",
        "jdbc:mariadb:x://h/people | jdbc:mariadb:***",
        "jdbc:postgresql://h/people?user=ada@example.org | jdbc:postgresql://***",
      })
  @DisplayName("and what is no secret is shown")
  void shown(String url, String shown) {
    assertThat(new DatabaseUrl(url)).hasToString(shown);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sequential",
        "load-balance",
        "loadbalance",
        "LOADBALANCE",
        "failover",
        "replication",
        "load-balance-read",
        "LOAD_BALANCE_READ",
      })
  @DisplayName("and every way to choose a host is accepted that MariaDB's driver knows")
  void hostMode(String mode) throws SQLException {
    String url = "jdbc:mariadb:%s://a.example:3307,b.example:3308/people".formatted(mode);
    assertThat(Configuration.parse(url).haMode()).isNotEqualTo(HaMode.NONE);
    assertThat(new DatabaseUrl(url)).hasToString(url);
    assertThat(new DatabaseUrl(url).complaint("a", "b")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"text", "json"})
  @DisplayName("in a line of the log, by any logger and in either format")
  void log(String format) throws Exception {
    String url = "jdbc:postgresql://db.example.org/people?password=Hu5hed%2FWh15per";
    Secrets.keep(new DatabaseUrl(url));
    Secrets.keep("tok\"en\\of\nlines");
    String written =
        logged(
            format,
            log -> {
              log.warn("Unable to parse URL {}", url);
              log.warn("the password is Hu5hed/Wh15per; or in quotes 'Hu5hed/Wh15per'.");
              log.warn("JDBC URL invalid: postgres://ada:Hu5hed@somewhere.example/x");
              log.warn("password='Hu5hed Wh15per' sslpassword=Hu5hed&Wh15per");
              log.warn("a token tok\"en\\of\nlines of several");
              log.error(
                  "failed",
                  new IllegalStateException(
                      "outer " + url, new SQLException("inner Hu5hed/Wh15per")));
              log.info("user ada is in hub-1");
            });
    assertThat(written.replace("\\/", "/"))
        .doesNotContain("Hu5hed", "Wh15per", "of\\nlines", "of\nlines")
        .contains("jdbc:postgresql://db.example.org/people?***", "the password is ***; or")
        .contains("outer ", "inner ***", "user ada is in hub-1");
    if (format.equals("json")) {
      for (String line : written.lines().toList()) {
        assertThat(new ObjectMapper().readTree(line).path("level").asText()).isNotEmpty();
      }
    }
  }

  private static String logged(String format, Consumer<org.slf4j.Logger> work) throws Exception {
    PrintStream before = System.err;
    ByteArrayOutputStream written = new ByteArrayOutputStream();
    LoggerContext context = new LoggerContext();
    System.setErr(new PrintStream(written, true, StandardCharsets.UTF_8));
    System.setProperty(LogConfiguration.VERBOSE, "true");
    try {
      context.setMDCAdapter(new LogbackMDCAdapter());
      new LogConfiguration(format).configure(context);
      work.accept(context.getLogger("dev.sharder.test"));
    } finally {
      context.stop();
      System.clearProperty(LogConfiguration.VERBOSE);
      System.setErr(before);
    }
    return written.toString(StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a-",
        "a.",
        "a://",
        "a://p",
        "@,",
        "@:1,",
        ",",
        "?a=@&",
        "password",
        "password='",
        "password='\\",
        "secret=",
        ":"
      })
  @DisplayName("and a long text that someone sends is masked, whatever repeats in it")
  @Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void longTexts(String part) {
    for (String before : List.of("", "a://@", "jdbc:postgresql://", "jdbc:mariadb://x@")) {
      String text = "user=: " + before + part.repeat(100_000) + " password=Hu5hed";
      assertThat(Secrets.masked(text)).startsWith("user=: ").doesNotContain("Hu5hed");
    }
  }

  @Test
  @DisplayName("and one whose quotes do not end is masked to the end of the text")
  void openQuote() {
    assertThat(Secrets.masked("password='Hu5 hed or so")).isEqualTo("password=***");
    assertThat(Secrets.masked("password = 'Hu5\\' hed' in x")).isEqualTo("password = *** in x");
    assertThat(Secrets.masked("db2password=Hu5hed in x")).isEqualTo("db2password=*** in x");
  }

  @Test
  @DisplayName("and a short secret masks a word of its own, not a part of another")
  void words() {
    Secrets.keep("abra");
    assertThat(Secrets.masked("abra cadabra abra_1 'abra'")).isEqualTo("*** cadabra abra_1 '***'");
  }

  private static CommandShell.CommandOutcome serve(String... arguments) {
    List<String> all = new ArrayList<>(List.of("serve", "--listen", "127.0.0.1:0"));
    all.addAll(List.of(arguments));
    return CommandShell.runAsIs(all.toArray(String[]::new));
  }

  private String sqlite() {
    return "jdbc:sqlite:" + folder.resolve("sharder.db");
  }

  private String theirs() throws Exception {
    return yaml("db_type: sqlite\ndb_file: none.db\nhubs: [{name: h}]");
  }

  private String yaml(String text) throws Exception {
    Path file = Files.createTempFile(folder, "sharder", ".yml");
    return Files.writeString(file, text + "\n").toString();
  }

  private static String quoted(String text) {
    return "'" + text.replace("'", "''") + "'";
  }
}
