package dev.sharder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sharder.admin.AdoptMode;
import dev.sharder.admin.Adoption;
import dev.sharder.admin.Move;
import dev.sharder.admin.MoveMode;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.store.AssignmentStore;
import dev.sharder.store.Deadline;
import dev.sharder.store.Edit;
import dev.sharder.store.Scope;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What objects, bins and labels may be called. */
class NamesTest {

  private static final Note NOTE = new Note("eve", "");

  /** White_Space of Unicode that is no control character, which is refused anywhere. */
  private static final String SPACES =
      " \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000";

  /** Some of what is ignored by default, and the blank pattern of Braille. */
  private static final String INVISIBLE =
      "\u00ad\u034f\u061c\u115f\u1160\u17b4\u180b\u180e\u200b\u200c\u200d\u2060\u2800\u3164\ufe0f\ufeff\uffa0";

  private final AssignmentStore store = AssignmentStore.inMemory();
  private final ShardAdmin admin = ShardAdmin.builder("hub", store).build();

  @Test
  @DisplayName("A new bin has no white space around its name, and the error names the one meant")
  void noSpaceAroundABin() {
    for (char space : SPACES.toCharArray()) {
      for (String name : List.of(space + "hub-1", "hub-1" + space)) {
        assertThatThrownBy(() -> admin.addBin(Bin.of(name), NOTE))
            .as("U+%04X", (int) space)
            .isInstanceOf(InvalidValueException.class)
            .hasMessageContaining("write 'hub-1'");
        Adoption adoption = new Adoption(AssignmentRequest.of("hub", "ada"), name);
        assertThat(admin.adopt(List.of(adoption), AdoptMode.EACH, NOTE).refused())
            .containsKey("ada");
      }
      admin.addBin(Bin.of("hub" + space + "1"), NOTE);
    }
    assertThat(admin.bins()).hasSize(SPACES.length());
  }

  @Test
  @DisplayName("A bin whose name is refused is refused for each object that is imported into it")
  void refusedForEach() {
    List<Adoption> adoptions =
        Stream.of("ada", "bob")
            .map(object -> new Adoption(AssignmentRequest.of("hub", object), " hub-1"))
            .toList();
    assertThat(admin.adopt(adoptions, AdoptMode.EACH, NOTE).refused())
        .containsOnlyKeys("ada", "bob");
    assertThat(admin.verify(10)).isEmpty();
  }

  @Test
  @DisplayName(
      "A bin that has white space around its name from before is found, filled and emptied")
  void whatIsThereStays() {
    Bin old = Bin.of(" hub-1");
    store.update(
        "hub",
        Scope.BINS,
        snapshot ->
            new Edit<>(
                old, List.of(), List.of(), List.of(), Map.of(), List.of(old), Set.of(), List.of()),
        Deadline.in(Duration.ofSeconds(10)));
    Adoption adoption = new Adoption(AssignmentRequest.of("hub", "ada"), " hub-1");
    assertThat(admin.adopt(List.of(adoption), AdoptMode.EACH, NOTE).refused()).isEmpty();
    admin.addBin(Bin.of("hub-1"), NOTE);
    admin.move(Move.of("ada", "hub-1"), MoveMode.CHECKED, NOTE);
    admin.changeBin(" hub-1", bin -> bin.withState(BinState.RETIRED), NOTE);
    assertThat(admin.bins()).extracting(BinLoad::assigned).containsExactly(0L, 1L);
  }

  @Test
  @DisplayName("An object and a bin have a visible character")
  void somethingIsSeen() {
    for (char unit : (SPACES + INVISIBLE).toCharArray()) {
      for (String name : List.of("" + unit, unit + "\u200b" + unit, "\u00a0" + unit)) {
        assertThatThrownBy(() -> AssignmentRequest.of("hub", name))
            .as("U+%04X", (int) unit)
            .isInstanceOf(InvalidValueException.class);
        assertThatThrownBy(() -> admin.addBin(Bin.of(name), NOTE))
            .isInstanceOf(InvalidValueException.class);
      }
      assertThat(AssignmentRequest.of("hub", unit + "x").object()).isEqualTo(unit + "x");
    }
    assertThatThrownBy(() -> AssignmentRequest.of("hub", "\u00a0"))
        .hasMessageContaining("'\\u00a0' has no visible character; give it at least one");
  }

  @Test
  @DisplayName("A bin has at most 100 labels, with values of at most 1,000 characters")
  void labelsAreBounded() {
    Map<String, String> most = labels(100, "x".repeat(1_000));
    assertThat(Bin.of("a").withLabels(most).labels()).hasSize(100);
    assertThatThrownBy(() -> Bin.of("a").withLabels(labels(101, "x")))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("bin 'a' has 101 labels; keep 100 at most");
    assertThatThrownBy(() -> Bin.of("a").withLabels(labels(1, "x".repeat(1_001))))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("bin 'a' has a value of 1001 characters for label 'k0'; use 1000 at most");
    assertThatThrownBy(() -> Bin.of("a").withLabels(Map.of("k".repeat(256), "")))
        .isInstanceOf(InvalidValueException.class);
    assertThat(new Bin("a", 1, 0, OptionalLong.empty(), BinState.OPEN, Map.of("k", "")).labels())
        .containsEntry("k", "");
  }

  private static Map<String, String> labels(int count, String value) {
    return IntStream.range(0, count).boxed().collect(Collectors.toMap(i -> "k" + i, i -> value));
  }
}
