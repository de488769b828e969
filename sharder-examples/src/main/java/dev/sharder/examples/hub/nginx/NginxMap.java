package dev.sharder.examples.hub.nginx;

import dev.sharder.BinLoad;
import dev.sharder.BinState;
import dev.sharder.InvalidValueException;
import dev.sharder.examples.hub.redirect.HubCookie;
import dev.sharder.examples.hub.redirect.HubNames;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * The hubs as nginx reads them, so that they are named in one place: a map from what names the hub
 * to {@code $hub}, one from what the sharder answers to {@code $sharder_hub}, and an upstream for
 * each hub with the label {@code address}. Both are empty for a name that is none. Retired hubs are
 * left out.
 *
 * @param file where it is kept up to date, if anywhere
 * @param variable what names the hub to nginx, such as {@code $cookie_hub}
 * @param isSigned whether cookies have a signature behind the name
 * @param resolvers the name servers that nginx asks for each request; empty to have it look names
 *     up once, as it starts
 */
public record NginxMap(
    Optional<Path> file, String variable, boolean isSigned, List<String> resolvers) {

  private static final String COOKIE = "$cookie_" + HubCookie.NAME;

  /** The variable with the sharder's answer. */
  private static final String ANSWERED = "$upstream_http_x_sharder_bin";

  private static final String SIGNED = HubCookie.SIGNATURE;

  /** Other upstreams of the example configurations. */
  private static final Set<String> OF_CONFIGURATIONS = Set.of("sharder");

  /** Of names that are the same to nginx, the one in use comes first. */
  private static final Comparator<BinLoad> IN_USE_FIRST =
      Comparator.<BinLoad, Boolean>comparing(hub -> label(hub).isEmpty())
          .thenComparing(Comparator.comparingLong(BinLoad::assigned).reversed())
          .thenComparing(hub -> hub.bin().state() != BinState.OPEN)
          // Small letters are the usual ones, and come after the capitals.
          .thenComparing(BinLoad.BY_NAME.reversed());

  /** Refuses an invalid variable, and name servers that nginx could not use. */
  public NginxMap {
    resolvers = List.copyOf(resolvers);
    checkVariable(variable);
    resolvers.forEach(NginxMap::checkResolver);
  }

  /** Refuses what is not an nginx variable. */
  public static void checkVariable(String variable) {
    if (!variable.matches("\\$\\w+")) {
      throw new InvalidValueException(
          "'%s' is not an nginx variable; write one like $cookie_hub, in quotes"
              .formatted(variable));
    }
  }

  /** Refuses what is not the address of a name server. */
  public static void checkResolver(String resolver) {
    if (HubAddress.parse(resolver).filter(HubAddress::isNumbers).isEmpty()) {
      throw new InvalidValueException(
          "'%s' is not the address of a name server; write one like 127.0.0.53 or \"[::1]:53\""
              .formatted(resolver));
    }
  }

  /** Writes the map for the cookie, unless another variable is named. */
  public static NginxMap of(
      Optional<Path> file, Optional<String> variable, boolean isSigned, List<String> resolvers) {
    return new NginxMap(file, variable.orElse(COOKIE), isSigned, resolvers);
  }

  /** Returns the same hubs by another variable. */
  public NginxMap withVariable(String another) {
    return new NginxMap(file, another, isSigned, resolvers);
  }

  /** Returns the same hubs, whose names nginx looks up by these name servers. */
  public NginxMap withResolvers(List<String> others) {
    return new NginxMap(file, variable, isSigned, others);
  }

  /**
   * What to include in nginx's configuration.
   *
   * @param text the whole file
   * @param leftOut one reason per hub left out; nginx rejects the whole file for one invalid hub
   * @param named the names that nginx looks up as it starts, by the hub that has it for an address
   */
  public record Text(String text, List<String> leftOut, Map<String, String> named) {

    /** Returns what to warn of; waits until this machine has looked all names up. */
    public List<String> unresolved() {
      return named.entrySet().stream()
          .filter(hub -> !HubAddress.resolves(hub.getValue()))
          .map(
              hub ->
                  "bin '%s' has the address '%s', which this machine cannot resolve; nginx does not start if it cannot resolve it either, unless nginx-resolver has it resolve names at each request"
                      .formatted(hub.getKey(), hub.getValue()))
          .toList();
    }
  }

  /** Returns the text for the bins. */
  public Text text(List<BinLoad> bins) {
    List<BinLoad> hubs =
        bins.stream().filter(hub -> hub.bin().state() != BinState.RETIRED).toList();
    Map<String, BinLoad> inUse = new HashMap<>();
    hubs.stream()
        .filter(hub -> problem(hub).isEmpty())
        .sorted(IN_USE_FIRST)
        .forEach(hub -> inUse.putIfAbsent(lowercased(hub), hub));
    List<BinLoad> known = hubs.stream().filter(inUse::containsValue).toList();
    List<String> leftOut =
        hubs.stream()
            .filter(hub -> !inUse.containsValue(hub))
            .map(
                hub ->
                    problem(hub)
                        .orElseGet(
                            () -> twin(hub, Objects.requireNonNull(inUse.get(lowercased(hub))))))
            .toList();
    String text =
        "# Written by the hub sharder.\n"
            + resolver()
            + map(variable, "$hub", known, isSigned && variable.equals(COOKIE) ? SIGNED : "")
            + map(ANSWERED, "$sharder_hub", known, "")
            + upstreams(known);
    return new Text(text, leftOut, named(known));
  }

  private static String lowercased(BinLoad hub) {
    return hub.name().toLowerCase(Locale.ROOT);
  }

  private static String twin(BinLoad hub, BinLoad inUse) {
    return "bin '%s' differs from '%s' only in upper and lower case, which nginx does not distinguish, and '%s' is the one in use; move its users there, and retire it"
        .formatted(hub.name(), inUse.name(), inUse.name());
  }

  private Optional<String> problem(BinLoad hub) {
    Optional<String> address = label(hub);
    String problem = null;
    if (!HubNames.isPlain(hub.name())) {
      problem =
          "has a name that nginx cannot use; use ASCII letters, digits, '-', '_' and '.', and begin with a letter or a digit";
    } else if (OF_CONFIGURATIONS.contains(lowercased(hub))) {
      problem = "has the name of an upstream that is not a hub; give it another name";
    } else if (address.isPresent() && HubAddress.parse(address.get()).isEmpty()) {
      problem =
          "has the address '%s', which nginx cannot use; write it like 10.0.0.7:8000"
              .formatted(address.get());
    } else if (address.isEmpty() && (!resolvers.isEmpty() || HubAddress.isNumber(hub.name()))) {
      problem =
          "has no address, so nginx would use its name as the address; give it the label 'address'";
    }
    return Optional.ofNullable(problem).map(words -> "bin '%s' %s".formatted(hub.name(), words));
  }

  private static Optional<String> label(BinLoad hub) {
    return Optional.ofNullable(hub.bin().labels().get("address"));
  }

  private static Optional<HubAddress> address(BinLoad hub) {
    return label(hub).flatMap(HubAddress::parse);
  }

  /** What nginx looks up for each request; what has no name server is looked up as it starts. */
  private Optional<HubAddress> lookedUp(BinLoad hub) {
    return address(hub).filter(address -> !resolvers.isEmpty() && address.isName());
  }

  private String resolver() {
    return resolvers.isEmpty()
        ? ""
        : "\nresolver %s;\nresolver_timeout 5s;\n".formatted(String.join(" ", resolvers));
  }

  private String map(String from, String to, List<BinLoad> hubs, String behind) {
    StringBuilder map = new StringBuilder();
    for (BinLoad hub : hubs) {
      String place = lookedUp(hub).map(HubAddress::withPort).orElse(hub.name());
      // A pattern, because nginx takes other keys in any case, and some for words of its own.
      map.append("  \"~^%s%s$\" \"%s\";\n".formatted(quoted(hub.name()), behind, place));
    }
    return "\nmap %s %s {\n  default \"\";\n%s}\n".formatted(from, to, map);
  }

  private static String quoted(String name) {
    return name.replaceAll("[^A-Za-z0-9]", "\\\\$0");
  }

  private String upstreams(List<BinLoad> hubs) {
    StringBuilder upstreams = new StringBuilder();
    for (BinLoad hub : hubs) {
      if (lookedUp(hub).isEmpty()) {
        label(hub)
            .ifPresent(
                address ->
                    upstreams.append(
                        "\nupstream %s {\n  server %s;\n}\n".formatted(hub.name(), address)));
      }
    }
    return upstreams.toString();
  }

  private Map<String, String> named(List<BinLoad> hubs) {
    Map<String, String> named = new TreeMap<>();
    for (BinLoad hub : hubs) {
      address(hub)
          .filter(address -> resolvers.isEmpty() && address.isName())
          .ifPresent(address -> named.put(hub.name(), address.host()));
    }
    return named;
  }
}
