package dev.sharder.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.examples.hub.cli.HubSharder;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The packages of the examples")
class PackageCirclesTest {

  private static final Pattern NEED =
      Pattern.compile("(?m)^ +(dev\\.sharder\\.examples\\S*) +-> (dev\\.sharder\\.examples\\S*) ");

  @Test
  @DisplayName("need one another in one direction only")
  void noCircle() throws Exception {
    Map<String, Set<String>> needs = needs();
    assertThat(needs.get("dev.sharder.examples.hub.cli"))
        .contains("dev.sharder.examples.hub.server");
    // A package that needs none of those that are left is in no circle.
    boolean removed = true;
    while (removed) {
      removed =
          needs.keySet().removeIf(name -> Collections.disjoint(needs.get(name), needs.keySet()));
    }
    assertThat(needs).isEmpty();
  }

  /** Returns which packages each package needs, as the JDK finds in the classes. */
  private static Map<String, Set<String>> needs() throws Exception {
    Path classes =
        Path.of(HubSharder.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    StringWriter found = new StringWriter();
    int failure =
        ToolProvider.findFirst("jdeps")
            .orElseThrow()
            .run(
                new PrintWriter(found),
                new PrintWriter(found),
                "-verbose:package",
                "--ignore-missing-deps",
                "--multi-release",
                "base",
                classes.toString());
    assertThat(failure).as(found.toString()).isZero();
    Map<String, Set<String>> needs = new TreeMap<>();
    for (Matcher need = NEED.matcher(found.toString()); need.find(); ) {
      needs.computeIfAbsent(need.group(1), name -> new TreeSet<>()).add(need.group(2));
    }
    return needs;
  }
}
