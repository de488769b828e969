package dev.sharder.examples.hub.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sharder.examples.hub.proxy.Eventually;
import dev.sharder.examples.hub.server.RunningHub.HubAnswer;
import dev.sharder.jdbc.KillablePostgres;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Health checks and metrics. */
@Timeout(120)
class HealthAndMetricsTest {

  /** Debian's, with the parser of Prometheus' own client. */
  private static final Path PYTHON = Path.of("/usr/bin/python3");

  private static final String PARSER =
      """
      import sys
      from prometheus_client.parser import text_string_to_metric_families
      for family in text_string_to_metric_families(sys.stdin.read()):
          for sample in family.samples:
              labels = ",".join(f"{k}={v}" for k, v in sorted(sample.labels.items()))
              print(f"{sample.name}{{{labels}}} {sample.value}")
      """;

  @TempDir private Path folder;

  @Test
  void thoseWhoKeepItRunningMayAskFromAnywhereAndNobodyElse() throws Exception {
    try (RunningHub hub = start("trusted: [10.0.0.0/8]")) {
      assertThat(hub.get("/healthz", "").status()).isEqualTo(200);
      assertThat(hub.get("/readyz", "").status()).isEqualTo(200);
      assertThat(hub.get("/metrics", "").status()).isEqualTo(403);
    }
  }

  @Test
  void withoutItsDatabaseItLivesAndIsNotReady() throws Exception {
    try (KillablePostgres postgres = new KillablePostgres(folder.resolve("data"));
        RunningHub hub = RunningHub.start(postgres.url(), "hub-1")) {
      assertThat(hub.get("/readyz", "").status()).isEqualTo(200);
      postgres.kill();
      HubAnswer unready = hub.get("/readyz", "");
      while (unready.status() == 200) {
        unready = hub.get("/readyz", "");
      }
      assertThat(unready.status()).isEqualTo(503);
      assertThat(unready.header("Retry-After")).isEqualTo("5");
      assertThat(hub.get("/healthz", "").status()).isEqualTo(200);
      while (!metrics(hub).body().contains("sharder_bins{kind=\"hub\"} NaN")) {
        Thread.onSpinWait();
      }
      postgres.startAgain();
      while (hub.get("/readyz", "").status() != 200) {
        Thread.onSpinWait();
      }
    }
  }

  @Test
  void theCountsOfPrometheusAreWhatWasDone() throws Exception {
    try (RunningHub hub = start("bins: [a, {name: b, capacity: 5}]")) {
      for (int i = 0; i < 10; i++) {
        hub.get("/shard", "user" + i);
      }
      hub.get("/auth", "user0");
      hub.get("/shard", "");
      // A request is counted a moment after its answer was sent.
      Map<String, Double> samples =
          Eventually.await(
              () -> parsed(metrics(hub).body()),
              all -> all.containsKey("sharder_http_seconds_count{path=/shard,status=401}"));
      assertThat(samples)
          .containsEntry("sharder_assignments_total{bin=a,kind=hub,result=new}", 5.0)
          .containsEntry("sharder_assignments_total{bin=b,kind=hub,result=new}", 5.0)
          .containsEntry("sharder_http_seconds_count{path=/shard,status=302}", 10.0)
          .containsEntry("sharder_http_seconds_count{path=/shard,status=401}", 1.0)
          .containsEntry("sharder_http_seconds_count{path=/auth,status=204}", 1.0)
          .containsEntry("sharder_http_seconds_bucket{le=+Inf,path=/auth,status=204}", 1.0)
          .containsEntry("sharder_bin_capacity{bin=b,kind=hub}", 5.0)
          .containsKey("hikaricp_connections_active{pool=sharder}");
      double known =
          samples.entrySet().stream()
              .filter(sample -> sample.getKey().matches(".*_total.bin=a.*result=(memory|found)."))
              .mapToDouble(Map.Entry::getValue)
              .sum();
      assertThat(known).isEqualTo(1);
    }
  }

  @Test
  void everyMeterOnTheDashboardIsThere() throws Exception {
    try (RunningHub hub = start("bins: [{name: a, capacity: 1}]")) {
      hub.get("/shard", "ada");
      hub.get("/shard", "bob");
      String metrics = metrics(hub).body();
      Set<String> shown = shown();
      assertThat(shown).hasSizeGreaterThan(12);
      assertThat(shown).allSatisfy(meter -> assertThat(metrics).containsPattern("(?m)^" + meter));
    }
  }

  private static Set<String> shown() throws IOException {
    Path file = Path.of("").toAbsolutePath().resolve("deploy/grafana/sharder.json");
    JsonNode dashboard = new ObjectMapper().readTree(file.toFile());
    Set<String> meters = new TreeSet<>();
    for (JsonNode expression : dashboard.findValues("expr")) {
      Matcher meter = Pattern.compile("(sharder|hikaricp|jvm)_\\w+").matcher(expression.asText());
      while (meter.find()) {
        meters.add(meter.group());
      }
    }
    return meters;
  }

  private Map<String, Double> parsed(String metrics) throws Exception {
    Path text = Files.writeString(folder.resolve("metrics.txt"), metrics);
    Path parser = Files.writeString(folder.resolve("parser.py"), PARSER);
    assumeTrue(Files.isExecutable(PYTHON), "there is no Debian Python to parse with");
    Process process =
        new ProcessBuilder(PYTHON.toString(), parser.toString())
            .redirectInput(text.toFile())
            .redirectErrorStream(true)
            .start();
    List<String> lines =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
            .lines()
            .toList();
    assumeTrue(
        lines.stream().noneMatch(line -> line.contains("ModuleNotFoundError")),
        "python3-prometheus-client is not installed; install it to run this test");
    assertThat(process.waitFor()).as("%s", lines).isZero();
    Map<String, Double> samples = new TreeMap<>();
    for (String line : lines) {
      int value = line.lastIndexOf(' ');
      samples.put(
          line.substring(0, value),
          Double.valueOf(
              line.substring(value + 1).replace("nan", "NaN").replace("inf", "Infinity")));
    }
    return samples;
  }

  private RunningHub start(String yaml) throws IOException {
    Path config = Files.writeString(folder.resolve("sharder.yml"), yaml + "\n");
    return RunningHub.start("jdbc:sqlite:" + folder.resolve("sharder.db"), config);
  }

  /** Asks as Prometheus does, which speaks for no user. */
  private static HubAnswer metrics(RunningHub hub) throws IOException {
    return hub.ask("GET", "/metrics", "Host: localhost");
  }
}
