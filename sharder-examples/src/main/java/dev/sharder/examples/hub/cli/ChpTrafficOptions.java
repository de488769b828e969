package dev.sharder.examples.hub.cli;

import dev.sharder.InvalidValueException;
import dev.sharder.examples.hub.access.TrustedPeers;
import dev.sharder.examples.hub.proxy.ForwardedHeaders;
import dev.sharder.examples.hub.proxy.ProxyLimits;
import dev.sharder.examples.hub.proxy.Rewrites;
import dev.sharder.examples.hub.proxy.Target;
import dev.sharder.examples.hub.proxy.chp.Routing;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of configurable-http-proxy for what becomes of requests. */
final class ChpTrafficOptions {

  private static final Pattern NAME = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");
  private static final Pattern VALUE = Pattern.compile("[\\t\\x20-\\x7e\\x80-\\xff]*");

  /** Its end closes open event streams, and a supervisor may wait no more than 10 s. */
  private static final Duration DRAIN = Duration.ofSeconds(5);

  @Option(
      names = "--default-target",
      paramLabel = "URL",
      description = "where requests go that no route is for")
  private @Nullable String defaultTarget;

  @Option(
      names = "--host-routing",
      description = "the first segment of a route is the host that was asked for")
  private boolean byHost;

  @Option(
      names = "--no-include-prefix",
      description = "targets do not see the path of the route in front")
  private boolean cutsPrefix;

  @Option(
      names = "--no-prepend-path",
      description = "targets do not see the path of their own URL in front")
  private boolean cutsTargetPath;

  @Option(names = "--no-x-forward", description = "targets get no X-Forwarded-… headers")
  private boolean hidesClients;

  @Option(
      names = "--trusted",
      paramLabel = "ADDRESS",
      split = ",",
      defaultValue = "127.0.0.0/8,::1",
      description =
          "proxies in front, whose X-Forwarded-… headers are kept (default: ${DEFAULT-VALUE}; not"
              + " an option of configurable-http-proxy)")
  private List<String> trusted = List.of();

  @Option(
      names = "--auto-rewrite",
      description = "redirects to a target's own host become redirects to that asked for")
  private boolean rewritesLocation;

  @Option(
      names = "--protocol-rewrite",
      paramLabel = "http|https",
      description = "redirects to a target's own host get this scheme")
  private @Nullable String protocol;

  @Option(names = "--change-origin", description = "targets see their own name as Host")
  private boolean changesOrigin;

  @Option(
      names = "--custom-header",
      paramLabel = "NAME:VALUE",
      description = "a header field that targets get; may be repeated")
  private List<String> fields = List.of();

  @Option(
      names = "--timeout",
      paramLabel = "MS",
      description =
          "how long a client may be silent while a request is under way (default: no limit)")
  private @Nullable Integer timeout;

  @Option(
      names = "--proxy-timeout",
      paramLabel = "MS",
      description = "how long a target may be silent (default: no limit)")
  private @Nullable Integer targetTimeout;

  @Option(
      names = "--keep-alive-timeout",
      paramLabel = "MS",
      description = "how long a client's connection stays open between requests (default: 75000)")
  private @Nullable Integer idleTimeout;

  @Option(
      names = "--drain-timeout",
      paramLabel = "MS",
      description =
          "how long requests under way may take at the end (default: 5000; not an option of"
              + " configurable-http-proxy)")
  private @Nullable Integer drainTimeout;

  Optional<String> defaultTarget() {
    try {
      Optional<String> target = Optional.ofNullable(defaultTarget);
      target.ifPresent(Target::parse);
      return target;
    } catch (InvalidValueException invalid) {
      throw new UsageException("--default-target: " + invalid.getMessage());
    }
  }

  Routing routing() {
    return new Routing(byHost, !cutsPrefix, !cutsTargetPath);
  }

  Optional<ForwardedHeaders> forwarded() {
    return hidesClients
        ? Optional.empty()
        : Optional.of(new ForwardedHeaders(TrustedPeers.of(trusted)));
  }

  Rewrites rewrites() {
    if (protocol != null && !protocol.equals("http") && !protocol.equals("https")) {
      throw new UsageException(
          "--protocol-rewrite '%s' is unknown; use http or https".formatted(protocol));
    }
    return new Rewrites(
        changesOrigin, rewritesLocation, Optional.ofNullable(protocol), customFields());
  }

  private Map<String, String> customFields() {
    Map<String, String> read = new LinkedHashMap<>();
    for (String field : fields) {
      String[] parts = field.split(":", 2);
      if (parts.length < 2) {
        throw new UsageException(
            "a colon was expected in --custom-header '%s'; write it like 'X-Name: value'"
                .formatted(field));
      }
      if (!NAME.matcher(parts[0].strip()).matches() || !VALUE.matcher(parts[1]).matches()) {
        throw new UsageException(
            "--custom-header '%s' is no header field; write it like 'X-Name: value'"
                .formatted(field));
      }
      if (Rewrites.isFraming(parts[0].strip())) {
        throw new UsageException(
            "--custom-header '%s' would change where messages end; leave it to the proxy"
                .formatted(field));
      }
      read.put(parts[0].strip(), parts[1].strip());
    }
    return read;
  }

  ProxyLimits limits() {
    ProxyLimits defaults = ProxyLimits.defaults();
    return new ProxyLimits(
        defaults.headBytes(),
        defaults.head(),
        millis(idleTimeout).orElse(defaults.idle()),
        defaults.linger(),
        defaults.stall(),
        millis(timeout),
        millis(targetTimeout),
        defaults.connect(),
        drainTimeout == null ? DRAIN : Duration.ofMillis(drainTimeout),
        defaults.connections());
  }

  private static Optional<Duration> millis(@Nullable Integer number) {
    return Optional.ofNullable(number).filter(some -> some > 0).map(Duration::ofMillis);
  }
}
