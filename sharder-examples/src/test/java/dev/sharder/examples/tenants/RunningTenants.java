package dev.sharder.examples.tenants;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.GenericApplicationContext;

/** The application with its server, over four SQLite files in a folder. */
record RunningTenants(ConfigurableApplicationContext context, HttpClient client)
    implements AutoCloseable {

  static final List<String> BINS = List.of("db-1", "db-2", "db-3");

  private static final Logger TOMCAT = Logger.getLogger("org.apache");

  static RunningTenants start(Path folder, String... settings) {
    TOMCAT.setLevel(Level.WARNING);
    List<String> all = new ArrayList<>(List.of(settings));
    all.add("--server.port=0");
    all.add("--tenants.assignments=jdbc:sqlite:" + folder.resolve("assignments.db"));
    for (String bin : BINS) {
      all.add("--tenants.databases.%s=%s".formatted(bin, url(folder, bin)));
    }
    return new RunningTenants(
        new SpringApplicationBuilder(TenantsApplication.class)
            .initializers(RunningTenants::countIn)
            .run(all.toArray(String[]::new)),
        HttpClient.newHttpClient());
  }

  private static void countIn(ConfigurableApplicationContext context) {
    ((GenericApplicationContext) context)
        .registerBean(MeterRegistry.class, SimpleMeterRegistry::new);
  }

  static String url(Path folder, String bin) {
    return "jdbc:sqlite:%s.db?journal_mode=WAL&foreign_keys=true".formatted(folder.resolve(bin));
  }

  <T> T the(Class<T> type) {
    return context.getBean(type);
  }

  /** Returns the bin. */
  String signUp(String tenant) throws Exception {
    HttpResponse<String> answer =
        send(request("/tenants/" + tenant).PUT(HttpRequest.BodyPublishers.noBody()));
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return answer.body();
  }

  HttpResponse<String> add(String tenant, String text) throws Exception {
    return send(
        request("/notes")
            .header("X-Tenant", tenant)
            .header("Content-Type", "text/plain")
            .POST(HttpRequest.BodyPublishers.ofString(text)));
  }

  /** The notes as JSON, or the problem. */
  HttpResponse<String> notes(String tenant) throws Exception {
    return send(request("/notes").header("X-Tenant", tenant));
  }

  HttpResponse<String> notesOfNobody() throws Exception {
    return send(request("/notes"));
  }

  private HttpRequest.Builder request(String path) {
    String port = context.getEnvironment().getRequiredProperty("local.server.port");
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path));
  }

  private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return client.send(request.build(), BodyHandlers.ofString());
  }

  @Override
  public void close() {
    context.close();
  }
}
