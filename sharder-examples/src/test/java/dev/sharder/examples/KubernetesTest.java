package dev.sharder.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sharder.Bin;
import dev.sharder.examples.hub.cli.HubSharder;
import dev.sharder.examples.hub.config.Settings;
import dev.sharder.examples.hub.config.SettingsReader;
import dev.sharder.examples.hub.server.RunningHub;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.HTTPGetAction;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyEgressRule;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyIngressRule;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPort;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** What the files in {@code deploy/kubernetes} say is what Kubernetes and the program take. */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class KubernetesTest {

  private static final Path FILES = Path.of("deploy/kubernetes").toAbsolutePath();
  private static final String PROXY = "overlays/proxy";
  private static final String MONITORED = "monitored";

  /** The model has no class for it: these are the fields that are used here, and no others. */
  record ServiceMonitor(String apiVersion, String kind, ObjectMeta metadata, MonitorSpec spec) {}

  record MonitorSpec(MonitorSelector selector, List<MonitorEndpoint> endpoints) {}

  record MonitorSelector(@JsonProperty(required = true) Map<String, String> matchLabels) {}

  record MonitorEndpoint(String port, String path, String interval) {}

  private static final Map<String, Class<?>> KINDS =
      Map.of(
          "Namespace", Namespace.class,
          "ConfigMap", ConfigMap.class,
          "Secret", Secret.class,
          "Service", Service.class,
          "Deployment", Deployment.class,
          "PodDisruptionBudget", PodDisruptionBudget.class,
          "NetworkPolicy", NetworkPolicy.class,
          "Ingress", Ingress.class,
          "ServiceMonitor", ServiceMonitor.class);

  private static final JsonMapper STRICT =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .annotationIntrospector(
              new JacksonAnnotationIntrospector() {
                private static final long serialVersionUID = 1;

                @Override
                public Boolean hasAnySetter(Annotated method) {
                  // The classes would put unknown fields aside.
                  return false;
                }
              })
          .build();

  /** The version of kustomize, also of the one in kubectl. */
  private static final Pattern RECENT = Pattern.compile("\\bv?([5-9]|[1-9]\\d)\\.\\d+\\.\\d+");

  /** What was built already, as each takes seconds. */
  private static final Map<String, String> BUILT = new ConcurrentHashMap<>();

  @TempDir private Path folder;

  private static Object strictly(Object document) {
    String kind = String.valueOf(((Map<?, ?>) document).get("kind"));
    assertThat(KINDS).containsKey(kind);
    try {
      return STRICT.treeToValue(STRICT.valueToTree(document), KINDS.get(kind));
    } catch (JsonProcessingException wrong) {
      throw new AssertionError(kind + ": " + wrong.getMessage(), wrong);
    }
  }

  private static List<Object> documents(String text) {
    LoaderOptions options = new LoaderOptions();
    options.setAllowDuplicateKeys(false);
    Iterable<Object> all = new Yaml(new SafeConstructor(options)).loadAll(text);
    return StreamSupport.stream(all.spliterator(), false).toList();
  }

  @Test
  @DisplayName("Every file is what Kubernetes takes, without an unknown field")
  void files() throws IOException {
    try (Stream<Path> all = Files.walk(FILES)) {
      List<Path> manifests =
          all.filter(file -> file.toString().endsWith(".yaml"))
              .filter(file -> !file.endsWith("kustomization.yaml"))
              // A list of changes, which kustomize checks.
              .filter(file -> !file.equals(FILES.resolve(PROXY).resolve("networkpolicy.yaml")))
              .toList();
      assertThat(manifests).hasSize(10);
      for (Path manifest : manifests) {
        assertThat(documents(Files.readString(manifest))).map(KubernetesTest::strictly).hasSize(1);
      }
    }
  }

  @Test
  @DisplayName("An unknown field, at any depth, is found")
  void unknownFields() throws IOException {
    String text = Files.readString(FILES.resolve("base/deployment.yaml"));
    for (String wrong :
        List.of(
            text.replace("replicas:", "replica:"),
            text.replace("periodSeconds:", "periodsSeconds:"),
            text.replace("drop:", "drops:"))) {
      assertThatThrownBy(() -> strictly(documents(wrong).get(0)))
          .hasCauseInstanceOf(UnrecognizedPropertyException.class);
    }
  }

  /** What kustomize makes of the files. */
  private record Built(List<Object> all) {

    <T> List<T> each(Class<T> kind) {
      return all.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    <T> T the(Class<T> kind) {
      assertThat(each(kind)).hasSize(1);
      return each(kind).get(0);
    }

    PodSpec pod() {
      return the(Deployment.class).getSpec().getTemplate().getSpec();
    }

    Container container() {
      assertThat(pod().getContainers()).hasSize(1);
      return pod().getContainers().get(0);
    }

    Map<String, String> podLabels() {
      return the(Deployment.class).getSpec().getTemplate().getMetadata().getLabels();
    }

    int port(String name) {
      return container().getPorts().stream()
          .filter(port -> port.getName().equals(name))
          .findFirst()
          .orElseThrow()
          .getContainerPort();
    }

    /** What the program finds in its environment. */
    Map<String, String> environment() {
      Map<String, String> variables = new TreeMap<>();
      the(Secret.class).getData().forEach((name, value) -> variables.put(name, decoded(value)));
      container()
          .getEnv()
          .forEach(variable -> variables.put(variable.getName(), variable.getValue()));
      return variables;
    }

    private static String decoded(String base64) {
      return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
    }
  }

  /** Builds a folder, with secrets in it; skips the test where nothing can. */
  private Built built(String overlay) throws Exception {
    if (!BUILT.containsKey(overlay)) {
      BUILT.put(overlay, kustomized(copied(overlay)));
    }
    return new Built(documents(BUILT.get(overlay)).stream().map(KubernetesTest::strictly).toList());
  }

  /** Copies the files and does what they say is to be done before they are used. */
  private Path copied(String overlay) throws IOException {
    Path copy = folder.resolve("of-" + overlay.replace('/', '-'));
    try (Stream<Path> all = Files.walk(FILES)) {
      for (Path file : all.toList()) {
        Files.copy(file, copy.resolve(FILES.relativize(file)));
      }
    }
    String example = Files.readString(copy.resolve("base/secret.env.example"));
    Files.writeString(
        copy.resolve("base/secret.env"), example.replaceAll("(?m)=$", "=" + "s3cret".repeat(6)));
    if (!overlay.equals(MONITORED)) {
      return copy.resolve(overlay);
    }
    Path monitored = copy.resolve(PROXY).resolve("kustomization.yaml");
    Files.writeString(
        monitored,
        Files.readString(monitored)
            .replace("#components:", "components:")
            .replace("#  - ../../c", "  - ../../c"));
    return monitored.getParent();
  }

  private String kustomized(Path from) throws Exception {
    if (isRecent("kubectl", "version", "--client")) {
      return output("kubectl", "kustomize", from.toString()).orElseThrow();
    }
    assumeTrue(
        isRecent("kustomize", "version"),
        "no kustomize is installed; install kubectl 1.27 or kustomize 5, or newer");
    return output("kustomize", "build", from.toString()).orElseThrow();
  }

  private boolean isRecent(String... version) throws Exception {
    return output(version).filter(text -> RECENT.matcher(text).find()).isPresent();
  }

  /** Returns what the command writes; empty if it is not installed. */
  private Optional<String> output(String... words) throws Exception {
    Path errors = folder.resolve("errors");
    Process process;
    try {
      process = new ProcessBuilder(words).redirectError(errors.toFile()).start();
    } catch (IOException notInstalled) {
      return Optional.empty();
    }
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(Files.readString(errors)).isZero();
    return Optional.of(text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"base", PROXY, MONITORED})
  @DisplayName("What is built has all that a site needs, and every selector finds the pods")
  void selectors(String overlay) throws Exception {
    Built built = built(overlay);
    Map<String, String> pods = built.podLabels();
    assertThat(built.each(HasMetadata.class))
        .allSatisfy(
            one -> {
              boolean isNamespace = one instanceof Namespace;
              assertThat(one.getMetadata().getNamespace())
                  .isEqualTo(isNamespace ? null : "sharder");
            });
    assertThat(pods)
        .containsAllEntriesOf(built.the(Service.class).getSpec().getSelector())
        .containsAllEntriesOf(built.the(Deployment.class).getSpec().getSelector().getMatchLabels())
        .containsAllEntriesOf(
            built.the(PodDisruptionBudget.class).getSpec().getSelector().getMatchLabels());
    assertThat(built.the(Service.class).getSpec().getSelector()).isNotEmpty();
    for (NetworkPolicy policy : built.each(NetworkPolicy.class)) {
      Map<String, String> selected = policy.getSpec().getPodSelector().getMatchLabels();
      assertThat(selected).isNotEmpty();
      assertThat(pods).containsAllEntriesOf(selected);
    }
    built
        .pod()
        .getTopologySpreadConstraints()
        .forEach(
            spread ->
                assertThat(pods).containsAllEntriesOf(spread.getLabelSelector().getMatchLabels()));
    assertThat(built.each(ServiceMonitor.class)).hasSize(overlay.equals(MONITORED) ? 1 : 0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"base", PROXY, MONITORED})
  @DisplayName("Every port has a name that leads to where the program listens")
  void ports(String overlay) throws Exception {
    Built built = built(overlay);
    Settings settings = settings(built);
    assertThat(built.port("http")).isEqualTo(settings.port());
    assertThat(settings.host()).isEqualTo("0.0.0.0");
    boolean isProxy = !overlay.equals("base");
    if (isProxy) {
      assertThat(built.port("users")).isEqualTo(settings.front().listen().getPort());
      assertThat(settings.front().listen().getHostString()).isEqualTo("0.0.0.0");
      assertThat(backendPort(built.the(Ingress.class))).isEqualTo("users");
    }
    for (ServicePort port : built.the(Service.class).getSpec().getPorts()) {
      assertThat(built.port(port.getTargetPort().getStrVal())).isPositive();
    }
    assertThat(built.the(Service.class).getSpec().getPorts())
        .extracting(ServicePort::getName)
        .containsExactlyInAnyOrder(
            isProxy ? new String[] {"users", "http"} : new String[] {"http"});
    for (ServiceMonitor monitor : built.each(ServiceMonitor.class)) {
      Service service = built.the(Service.class);
      assertThat(service.getMetadata().getLabels())
          .containsAllEntriesOf(monitor.spec().selector().matchLabels());
      assertThat(service.getSpec().getPorts())
          .extracting(ServicePort::getName)
          .contains(monitor.spec().endpoints().get(0).port());
    }
  }

  private static String backendPort(Ingress ingress) {
    return ingress
        .getSpec()
        .getRules()
        .get(0)
        .getHttp()
        .getPaths()
        .get(0)
        .getBackend()
        .getService()
        .getPort()
        .getName();
  }

  /** Reads the settings as the program does in its pod. */
  private Settings settings(Built built) throws IOException {
    Map<String, String> environment = built.environment();
    Path config = Path.of(environment.get("SHARDER_CONFIG"));
    assertThat(built.container().getVolumeMounts())
        .anySatisfy(
            mount -> {
              assertThat(mount.getMountPath()).isEqualTo(config.getParent().toString());
              assertThat(mount.getName()).isEqualTo("settings");
            });
    assertThat(built.pod().getVolumes())
        .anySatisfy(
            volume ->
                assertThat(volume.getConfigMap())
                    .extracting("name")
                    .isEqualTo(built.the(ConfigMap.class).getMetadata().getName()));
    Map<String, String> files = built.the(ConfigMap.class).getData();
    Path written = folder.resolve(config.getFileName());
    Files.writeString(written, files.get(config.getFileName().toString()));
    return SettingsReader.read(written, null, null, List.of(), environment);
  }

  @Test
  @DisplayName("The program takes the settings, with a PostgreSQL, a secret and an address each")
  void settings() throws Exception {
    Built built = built(PROXY);
    Settings settings = settings(built);
    assertThat(settings.database().url()).startsWith("jdbc:postgresql://");
    assertThat(settings.database().password()).hasValue("s3cret".repeat(6));
    assertThat(settings.proxy().secrets().read()).hasSize(1);
    assertThat(settings.bins()).extracting(Bin::name).containsExactly("hub-1", "hub-2");
    assertThat(settings.bins())
        .allSatisfy(
            bin ->
                assertThat(bin.labels())
                    .containsEntry(
                        "address", "http://proxy-public.%s.svc:80".formatted(bin.name())));
    assertThat(built.container().getArgs()).containsExactly("proxy");
    assertThat(built.environment().get("SHARDER_JAVA_OPTS"))
        .contains("-XX:MaxRAMPercentage=50", "-XX:MaxDirectMemorySize=256m");
    assertThat(built("base").container().getArgs()).containsExactly("serve");
    assertThat(built("base").container().getEnv())
        .extracting(EnvVar::getValue)
        .contains("-XX:MaxRAMPercentage=60");
    assertThat(HubSharder.commandLine().getSubcommands()).containsKeys("serve", "proxy");
    assertThat(DeployTest.knownToServe()).containsAll(built.environment().keySet());
  }

  @Test
  @DisplayName("The program answers the probes, and Prometheus, at their paths")
  void probes() throws Exception {
    Container container =
        (Container)
            ((Deployment)
                    strictly(
                        documents(Files.readString(FILES.resolve("base/deployment.yaml"))).get(0)))
                .getSpec()
                .getTemplate()
                .getSpec()
                .getContainers()
                .get(0);
    assertThat(path(container.getStartupProbe())).isEqualTo("/readyz");
    assertThat(path(container.getReadinessProbe())).isEqualTo("/readyz");
    assertThat(path(container.getLivenessProbe())).isEqualTo("/healthz");
    ServiceMonitor monitor =
        (ServiceMonitor)
            strictly(
                documents(
                        Files.readString(
                            FILES.resolve("components/monitoring/servicemonitor.yaml")))
                    .get(0));
    try (RunningHub hub =
        RunningHub.start("jdbc:sqlite:" + folder.resolve("sharder.db"), "hub-1")) {
      for (String path : List.of("/readyz", "/healthz")) {
        assertThat(hub.askAsAnyone("GET", path, "Host: 10.244.0.7:8888").status()).isEqualTo(200);
      }
      String metrics = monitor.spec().endpoints().get(0).path();
      assertThat(hub.askAsAnyone("GET", metrics, "Host: 10.244.0.7:8888").body())
          .contains("sharder_");
    }
  }

  private static String path(Probe probe) {
    HTTPGetAction get = probe.getHttpGet();
    assertThat(get.getPort()).isEqualTo(new IntOrString("http"));
    return get.getPath();
  }

  @ParameterizedTest
  @ValueSource(strings = {"base", PROXY})
  @DisplayName("A pod may do nothing but its work, and has the time to end it")
  void pods(String overlay) throws Exception {
    Built built = built(overlay);
    PodSpec pod = built.pod();
    assertThat(pod.getAutomountServiceAccountToken()).isFalse();
    assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
    assertThat(pod.getSecurityContext().getSeccompProfile().getType()).isEqualTo("RuntimeDefault");
    assertThat(Files.readString(Path.of("deploy/docker/Dockerfile")))
        .contains(
            "\nUSER %d:%d\n"
                .formatted(
                    pod.getSecurityContext().getRunAsUser(),
                    pod.getSecurityContext().getRunAsGroup()));
    Container container = built.container();
    assertThat(container.getSecurityContext().getAllowPrivilegeEscalation()).isFalse();
    assertThat(container.getSecurityContext().getReadOnlyRootFilesystem()).isTrue();
    assertThat(container.getSecurityContext().getCapabilities().getDrop()).containsExactly("ALL");
    assertThat(container.getResources().getLimits()).containsOnlyKeys("memory");
    assertThat(container.getResources().getRequests()).containsOnlyKeys("memory", "cpu");
    Set<String> writable =
        pod.getVolumes().stream()
            .filter(volume -> volume.getEmptyDir() != null)
            .map(volume -> volume.getName())
            .collect(Collectors.toSet());
    assertThat(container.getVolumeMounts())
        .filteredOn(mount -> writable.contains(mount.getName()))
        .extracting("mountPath")
        .containsExactlyInAnyOrder("/tmp", "/var/lib/sharder");
    long pause = container.getLifecycle().getPreStop().getSleep().getSeconds();
    long drain = overlay.equals(PROXY) ? settings(built).front().limits().drain().toSeconds() : 0;
    assertThat(pod.getTerminationGracePeriodSeconds()).isGreaterThanOrEqualTo(pause + drain + 20);
    assertThat(built.the(Deployment.class).getSpec().getReplicas()).isEqualTo(2);
    assertThat(built.the(PodDisruptionBudget.class).getSpec().getMinAvailable())
        .isEqualTo(new IntOrString(1));
  }

  @Test
  @DisplayName("Only the ingress may come in, and pods reach the database, names and hubs alone")
  void network() throws Exception {
    NetworkPolicy policy = built(PROXY).the(NetworkPolicy.class);
    assertThat(policy.getSpec().getPolicyTypes()).containsExactly("Ingress", "Egress");
    List<NetworkPolicyIngressRule> in = policy.getSpec().getIngress();
    assertThat(in).hasSize(1);
    assertThat(in.get(0).getFrom()).hasSize(1);
    assertThat(in.get(0).getFrom().get(0).getPodSelector().getMatchLabels())
        .containsEntry("app.kubernetes.io/name", "ingress-nginx");
    assertThat(in.get(0).getFrom().get(0).getNamespaceSelector().getMatchLabels())
        .containsEntry("kubernetes.io/metadata.name", "ingress-nginx");
    assertThat(in.get(0).getPorts())
        .extracting(NetworkPolicyPort::getPort)
        .containsExactly(new IntOrString("users"));
    assertThat(policy.getSpec().getEgress())
        .allSatisfy(rule -> assertThat(rule.getTo()).hasSize(1))
        .flatExtracting(NetworkPolicyEgressRule::getPorts)
        .extracting(port -> ((NetworkPolicyPort) port).getPort().getIntVal())
        .containsExactlyInAnyOrder(5432, 53, 53, 8000);
  }

  @Test
  @DisplayName(
      "The ingress has no snippet, and names the user in the header that the program reads")
  void ingress() throws IOException {
    Ingress ingress =
        (Ingress)
            strictly(
                documents(Files.readString(FILES.resolve(PROXY).resolve("ingress.yaml"))).get(0));
    Map<String, String> annotations = ingress.getMetadata().getAnnotations();
    assertThat(annotations.keySet())
        .allSatisfy(name -> assertThat(name).startsWith("nginx.ingress.kubernetes.io/"))
        .noneMatch(name -> name.contains("snippet"));
    assertThat(annotations)
        .containsEntry("nginx.ingress.kubernetes.io/auth-response-headers", "REMOTE_USER")
        .containsEntry("nginx.ingress.kubernetes.io/proxy-body-size", "0");
  }

  @Test
  @DisplayName("No secret is in the files, and Git ignores where they are to be written")
  void secrets() throws IOException {
    assertThat(FILES.resolve("base/secret.env.example")).exists();
    assertThat(Files.readString(FILES.resolve("base/secret.env.example")).lines())
        .filteredOn(line -> !line.startsWith("#"))
        .allSatisfy(line -> assertThat(line).matches("SHARDER_[A-Z_]+="));
    assertThat(Files.readAllLines(Path.of("../.gitignore"))).contains("secret.env");
  }
}
