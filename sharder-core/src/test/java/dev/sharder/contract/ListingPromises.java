package dev.sharder.contract;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sharder.Assignment;
import dev.sharder.Bin;
import dev.sharder.BinState;
import dev.sharder.InvalidValueException;
import dev.sharder.Sharder;
import dev.sharder.admin.AdoptMode;
import dev.sharder.admin.Change;
import dev.sharder.admin.Finding;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.store.Deadline;
import dev.sharder.store.Edit;
import dev.sharder.store.Listing;
import dev.sharder.store.Scope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What an operator reads: kinds, assignments, and what is wrong with them. */
abstract class ListingPromises extends StorePromises {

  @Test
  @DisplayName("the kinds are those that have bins, ordered by name")
  void kinds() {
    assertThat(store.kinds(Deadline.in(LIMIT))).isEmpty();
    for (String kind : List.of("homedir", "hub", "\ud83d\ude00", "\uffee", "Hub")) {
      Sharder.builder(kind, store).bins("a", "b").build();
    }
    Sharder.builder("nothing", store).build().find("ada");
    assertThat(store.kinds(Deadline.in(LIMIT)))
        .containsExactly("Hub", "homedir", "hub", "\uffee", "\ud83d\ude00");
  }

  @Test
  @DisplayName("a list by prefix and by bins is in code point order, at every page size")
  void prefixAndBins() {
    List<String> names = new ArrayList<>(NamePromises.awkwardNames().toList());
    names.addAll(List.of("a", "ab", "abc", "ab\uD7FF", "ab\uE000", "b", "\u00e9", "e\u0301", "É"));
    names.addAll(List.of("\uD7FF", "\uD7FFx", "\uE000", "\uE000x", "\uFF5E", "\uFFFD", "_", "%"));
    names.addAll(
        List.of("\uDBFF\uDFFF", "\uDBFF\uDFFFx", "\uDBFF\uDFFF\uDBFF\uDFFF", "x\uDBFF\uDFFF"));
    names.addAll(List.of("\uD83D\uDE00", "\uD83D\uDE01", "\uD83D\uDC69"));
    admin()
        .adopt(
            IntStream.range(0, names.size())
                .mapToObj(i -> adoption(names.get(i), "bin" + i % 3))
                .toList(),
            AdoptMode.ALL_OR_NOTHING,
            NOTE);
    Set<String> prefixes = new HashSet<>(List.of("", "none such", "\uD83D\uDE00".repeat(255)));
    for (String name : names) {
      prefixes.add(name.substring(0, name.offsetByCodePoints(0, 1)));
      prefixes.add(
          name.substring(
              0, name.offsetByCodePoints(0, Math.min(2, name.codePointCount(0, name.length())))));
    }
    for (Set<String> bins : List.of(Set.<String>of(), Set.of("bin1"), Set.of("bin0", "bin2"))) {
      for (String prefix : prefixes) {
        List<String> expected =
            IntStream.range(0, names.size())
                .filter(i -> bins.isEmpty() || bins.contains("bin" + i % 3))
                .mapToObj(names::get)
                .filter(name -> name.startsWith(prefix))
                .sorted((x, y) -> Arrays.compareUnsigned(x.getBytes(UTF_8), y.getBytes(UTF_8)))
                .toList();
        for (int page : new int[] {2, 1_000}) {
          Listing listing = Listing.all(page).ofBins(bins).startingWith(prefix);
          assertThat(all(admin().list(listing)))
              .as("'%s' in %s", prefix, bins)
              .extracting(Assignment::object)
              .containsExactlyElementsOf(expected);
        }
      }
    }
  }

  @Test
  @DisplayName("a page after the last name with a prefix is empty, whatever comes after it")
  void afterThePrefix() {
    hubs("a").assignAll(List.of("ada", "bob", "zoe"));
    Listing listing = Listing.all(10).startingWith("b");
    assertThat(store.list("hub", listing.after("bob"), Deadline.in(LIMIT))).isEmpty();
    assertThat(store.list("hub", listing.after("zoe"), Deadline.in(LIMIT))).isEmpty();
    assertThat(all(admin().list(listing.after("cyd")))).isEmpty();
  }

  @Test
  @DisplayName("a prefix with a character that no name has is refused, whatever the database")
  void impossiblePrefix() {
    for (String impossible : List.of("\u0000", "a\n", "\uD83D")) {
      assertThatThrownBy(() -> Listing.all(10).startingWith(impossible))
          .isInstanceOf(InvalidValueException.class)
          .hasMessageContaining("remove it");
      assertThatThrownBy(() -> Listing.all(10).ofBins(Set.of(impossible)))
          .isInstanceOf(InvalidValueException.class);
      assertThatThrownBy(() -> Listing.all(10).after(impossible))
          .isInstanceOf(InvalidValueException.class);
    }
  }

  @Test
  @DisplayName("a wrong counter is found and repaired, and nothing else changes")
  void counters() {
    Sharder hubs = hubs("a", "b", "c");
    hubs.assign(request("ada").withSize(5));
    hubs.assign("bob");
    assertThat(admin().repair(NOTE)).isEmpty();
    long before = revision();
    record(List.of(), Map.of("a", 2L, "b", -1L));
    assertThat(admin().verify(10)).extracting(Finding::subject).containsExactly("a", "b");
    assertThat(admin().verify(1))
        .hasSize(1)
        .allSatisfy(
            finding -> {
              assertThat(finding.promise()).isEqualTo(Finding.Promise.COUNTERS);
              assertThat(finding.detail()).isEqualTo("counts 7 and holds 5");
            });
    assertThat(admin().repair(NOTE)).isEqualTo(Map.of("a", -2L, "b", 1L));
    assertThat(loads(hubs)).isEqualTo(Map.of("a", 5L, "b", 1L, "c", 0L));
    assertThat(revision()).isEqualTo(before + 1);
    List<Change> changes = all(admin().changes(0));
    assertThat(changes.subList(changes.size() - 2, changes.size()))
        .allSatisfy(
            change -> {
              assertThat(change.what()).isEqualTo(Change.What.BIN_RECOUNTED);
              assertThat(change.note()).isEqualTo(NOTE);
            });
  }

  @Test
  @DisplayName("every broken promise is found, in the order and the words of its Javadoc")
  void findings() {
    Sharder sharder = Sharder.builder("broken", store).bins("a", "b").build();
    for (String object : List.of("ada", "bob", "cyd", "dan")) {
      sharder.assign(sharder.request(object).withGroup("team of " + object));
    }
    Assignment eve = sharder.assign(sharder.request("eve").withGroup("team of ada")).assignment();
    Assignment bob = sharder.find("bob").orElseThrow();
    Assignment cyd = sharder.find("cyd").orElseThrow();
    Assignment dan = sharder.find("dan").orElseThrow();
    ShardAdmin admin = ShardAdmin.builder("broken", store).build();
    assertThat(admin.verify(10)).isEmpty();
    List<Assignment> moved =
        List.of(
            at(eve, "b", 1), // a group in two bins
            at(bob, bob.bin(), 3)); // a version that no move made
    List<Change> changes =
        List.of(
            Change.ofObject(cyd, Optional.of("b"), NOTE, cyd.assignedAt()), // a move that was none
            Change.ofObject(dan, Optional.of("a"), NOTE, dan.assignedAt()),
            Change.ofObject(at(dan, "b", 2), Optional.empty(), NOTE, dan.assignedAt()));
    store.update(
        "broken",
        Scope.BINS,
        snapshot ->
            new Edit<>(
                "",
                List.of(),
                moved,
                List.of(dan),
                Map.of("a", 5L),
                List.of(Bin.of("b").withState(BinState.RETIRED)),
                Set.of(),
                changes),
        Deadline.in(LIMIT));
    List<Finding> all =
        List.of(
            new Finding(
                Finding.Promise.CHANGES, "bob", "has version 3 and no move that made it so"),
            new Finding(
                Finding.Promise.CHANGES,
                "cyd",
                "was last moved to b as version 2 and is in a as version 1"),
            new Finding(Finding.Promise.CHANGES, "dan", "had come to a and left b"),
            new Finding(Finding.Promise.COUNTERS, "a", "counts 8 and holds 2"),
            new Finding(Finding.Promise.GROUPS, "team of ada", "is in 2 bins"),
            new Finding(Finding.Promise.STATES, "b", "is retired and holds 2, such as bob"));
    assertThat(admin.verify(10)).isEqualTo(all);
    assertThat(admin.verify(3)).isEqualTo(all.subList(0, 3));
  }

  private static Assignment at(Assignment one, String bin, long version) {
    return new Assignment(
        one.kind(), one.object(), bin, version, one.assignedAt(), one.size(), one.group());
  }
}
