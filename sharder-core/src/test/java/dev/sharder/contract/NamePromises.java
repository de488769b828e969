package dev.sharder.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.Assignment;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.Sharder;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Names are exact text, whatever they contain. */
abstract class NamePromises extends StorePromises {

  @Test
  @DisplayName("names that differ in case or in Unicode normal form are different objects")
  void caseAndNormalForm() {
    Sharder hubs = hubs("a", "b", "c", "d", "e");
    Stream.of("é", "e\u0301", "É", "e", "e ").forEach(hubs::assign);
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 1L, "b", 1L, "c", 1L, "d", 1L, "e", 1L));
  }

  @ParameterizedTest
  @MethodSource("awkwardNames")
  @DisplayName("every name is returned exactly as it was given")
  void verbatim(String name) {
    // White space around the name of a bin is refused.
    String bin = name.strip();
    List<Bin> bins = List.of(Bin.of(bin).withLabels(Map.of(name, name)));
    Sharder inSql = Sharder.builder(name, store).bins(bins).build();
    Assignment made = inSql.assign(name).assignment();
    assertThat(made).isEqualTo(new Assignment(name, name, bin, 1, made.assignedAt()));
    assertThat(inSql.find(name)).contains(made);
    assertThat(inSql.bins()).containsExactly(new BinLoad(bins.get(0), 1));

    Sharder inJava = Sharder.builder("in java", store).bins(bins).policy(EMPTIEST_IN_JAVA).build();
    Assignment chosen = inJava.assign(name).assignment();
    assertThat(chosen).isEqualTo(new Assignment("in java", name, bin, 1, chosen.assignedAt()));
  }

  @Test
  @DisplayName("every name of a roster is returned exactly as it was given")
  void verbatimInRosters() {
    List<String> awkward =
        Stream.concat(awkwardNames(), Stream.of("\\N", "\\.", "\\\\", "\\t", "NULL")).toList();
    List<String> roster = Stream.concat(awkward.stream(), users(0, 6_000)).toList();
    for (String kind : List.of("\\N", "quote's \"double\" `back`", "back\\slash")) {
      Sharder sharder = Sharder.builder(kind, store).bins(kind).build();
      sharder.assignRoster(roster.iterator(), progress -> {});
      for (String name : awkward) {
        Assignment found = sharder.find(name).orElseThrow();
        assertThat(found).isEqualTo(new Assignment(kind, name, kind, 1, found.assignedAt()));
        assertThat(Duration.between(found.assignedAt(), Instant.now()).abs())
            .isLessThan(Duration.ofMinutes(1));
      }
    }
  }

  static Stream<String> awkwardNames() {
    return Stream.of(
        "with space",
        " leading and trailing ",
        "comma,semicolon;",
        "quote's \"double\" `back`",
        "back\\slash %percent _underscore",
        "[\"json\"]",
        "{\"json\": null}",
        "null",
        "42",
        ":kind <object> ? $1",
        "'; DROP TABLE sharder_bin; --",
        "José Ελλάδα 日本語",
        "family \uD83D\uDC69\u200D\uD83D\uDC69\u200D\uD83D\uDC67",
        "x".repeat(255),
        "\uD83D\uDE00".repeat(255));
  }
}
