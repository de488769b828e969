package dev.sharder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.sharder.admin.Note;
import dev.sharder.store.AssignmentStore;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

class SharderTest {

  private final AssignmentStore store = AssignmentStore.inMemory();

  static Stream<String> namesThatAreNone() {
    return Stream.of(
        "",
        "  ",
        "a\nb",
        "a\rb",
        "a\tb",
        "a\0b",
        "a\u007fb",
        "a\u0085b",
        "a\u2028b",
        "a\u2029b",
        "a\u202eb",
        "half\uD83D",
        "\uDE00half",
        "x".repeat(256));
  }

  @ParameterizedTest
  @MethodSource("namesThatAreNone")
  void whatIsNoNameIsRefusedInOneVisibleLineAndNothingIsWritten(String name) {
    Sharder sharder = Sharder.builder("hub", store).bins("a").build();
    Stream.<Runnable>of(
            () -> sharder.assign(name),
            () -> sharder.assignAll(List.of("fine", name)),
            () -> sharder.find(name),
            () -> Bin.of(name),
            () -> Sharder.builder(name, store))
        .forEach(
            call ->
                assertThatThrownBy(call::run)
                    .isInstanceOf(InvalidValueException.class)
                    .message()
                    .matches(
                        "(object|bin|kind) name '[^\\p{Cntrl}\\u2028\\u2029]*' .*; .*|.*blank.*")
                    .hasSizeLessThan(200));
    assertThat(sharder.bins()).containsExactly(new BinLoad(Bin.of("a"), 0));
  }

  @Test
  void theErrorShowsAControlCharacterByItsNumber() {
    assertThatThrownBy(() -> Bin.of("a\nb"))
        .hasMessage(
            "bin name 'a\\u000ab' has a control character, a line break, a bidirectional override or half a surrogate pair;"
                + " remove it");
  }

  @Test
  void aBinRefusesWhatIsOutOfRangeAndSaysWhatIsInRange() {
    Bin bin = Bin.of("a");
    assertThatThrownBy(() -> bin.withWeight(0))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("bin 'a' has weight 0; cordon it to keep objects away, or use 1 to 1000000");
    assertThatThrownBy(() -> bin.withLabels(Map.of("gpu", "a\0b")))
        .hasMessageContaining("label value 'a\\u0000b'");
    assertThatThrownBy(() -> bin.withLabels(Map.of("\uD83D", "yes")))
        .hasMessageContaining("label name '\\ud83d'");
    assertThatThrownBy(() -> bin.withWeight(1_000_001)).hasMessageContaining("weight 1000001");
    assertThatThrownBy(() -> bin.withOffset(-1)).hasMessageContaining("offset -1");
    assertThatThrownBy(() -> bin.withCapacity(-1)).hasMessageContaining("capacity -1");
    assertThatThrownBy(() -> bin.withCapacity(1_000_000_001L)).hasMessageContaining("1000000001");
    assertThatThrownBy(() -> new BinLoad(bin, -1)).hasMessageContaining("-1 assigned");
  }

  @Test
  void twoBinsOfOneNameAreRefusedAndNothingIsDeclared() {
    assertThatThrownBy(() -> Sharder.builder("hub", store).bins("a", "b", "a").build())
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("bin 'a' of kind 'hub' is named twice; keep one of the two");
    assertThat(Sharder.builder("hub", store).build().bins()).isEmpty();
  }

  @Test
  void binsThatAreNoLongerDeclaredAreCordonedWithAWarning() {
    Sharder.builder("hub", store).bins("a", "b").build();
    List<ILoggingEvent> log = logOf(() -> Sharder.builder("hub", store).bins("a").build());
    assertThat(log)
        .filteredOn(event -> event.getLevel() == Level.WARN)
        .extracting(ILoggingEvent::getFormattedMessage)
        .containsExactly(
            "kind 'hub': bins [b] are no longer declared and were cordoned; they keep their"
                + " objects and take no new ones until they are declared again");
  }

  private static List<ILoggingEvent> logOf(Runnable work) {
    Logger logger = (Logger) LoggerFactory.getLogger(Sharder.class);
    ListAppender<ILoggingEvent> appender = new ListAppender<>();
    Level before = logger.getLevel();
    appender.start();
    logger.addAppender(appender);
    logger.setLevel(Level.INFO);
    try {
      work.run();
    } finally {
      logger.detachAppender(appender);
      logger.setLevel(before);
    }
    return appender.list;
  }

  @Test
  void ofManyObjectsThoseThatCanBePlacedArePlaced() {
    Sharder sharder =
        Sharder.builder("hub", store).bins(List.of(Bin.of("a").withCapacity(2))).build();
    assertThatThrownBy(() -> sharder.assignAll(List.of("ada", "bob", "cyd")))
        .isInstanceOf(NoOpenBinException.class)
        .hasMessageContaining("'cyd'");
    assertThat(sharder.find("bob")).isPresent();
    assertThat(sharder.find("cyd")).isEmpty();
  }

  @Test
  @DisplayName("a roster with an invalid name keeps the chunks before it, and nothing of its own")
  void invalidNameInARoster() {
    Sharder sharder = Sharder.builder("hub", store).bins("a").build();
    Stream<String> roster =
        Stream.concat(
            IntStream.range(0, 20_000).mapToObj(i -> "user-" + i), Stream.of("fine", "\t"));
    assertThatThrownBy(() -> sharder.assignRoster(roster.iterator(), progress -> {}))
        .isInstanceOf(InvalidValueException.class);
    assertThat(sharder.bins()).containsExactly(new BinLoad(Bin.of("a"), 20_000));
  }

  @Test
  void anErrorAboutAThousandBinsStaysReadableAndStillHasThemAll() {
    List<Bin> bins =
        IntStream.range(0, 1_000)
            .mapToObj(i -> Bin.of("bin-%04d".formatted(i)).withState(BinState.CORDONED))
            .toList();
    Sharder sharder = Sharder.builder("hub", store).bins(bins).build();
    assertThatThrownBy(() -> sharder.assign("ada"))
        .hasMessageEndingWith("bin-0019 is cordoned and 980 more; open one or add a bin")
        .isInstanceOfSatisfying(
            NoOpenBinException.class,
            error -> assertThat(error.refusals()).hasSize(1_000).containsKey("bin-0999"));
  }

  @Test
  @DisplayName("a name that is null is refused with the cure, with and without a cache")
  void nullName() {
    for (long cache : new long[] {0, 100}) {
      Sharder hubs =
          Sharder.builder("hub", store).bins(Bin.of("a"), Bin.of("b")).cache(cache).build();
      assertThatThrownBy(() -> hubs.assign((String) null))
          .isInstanceOf(InvalidValueException.class)
          .hasMessage("object name is null; pass a name of at least one visible character");
      assertThat(hubs.assignAsync((String) null)).isCompletedExceptionally();
      hubs.close();
    }
  }

  @Test
  void aClosedSharderSaysSoAndLeavesItsStoreOpen() {
    Sharder sharder = Sharder.builder("hub", store).bins("a").build();
    sharder.close();
    sharder.close();
    assertThatThrownBy(() -> sharder.assign("ada"))
        .isInstanceOf(ClosedException.class)
        .hasMessage(
            "the sharder of kind 'hub' is closed; use it before closing it, or build a new one");
    assertThat(Sharder.builder("hub", store).build().assign("ada").bin()).isEqualTo("a");
  }

  @ParameterizedTest
  @ValueSource(strings = {"PT0S", "PT-1S", "P40000D"})
  void aTimeLimitThatIsNoneIsRefused(Duration limit) {
    assertThatThrownBy(() -> Sharder.builder("hub", store).timeLimit(limit))
        .isInstanceOf(InvalidValueException.class)
        .hasMessageContaining(limit.toString());
  }

  @Test
  @DisplayName("a staleness that is out of range is refused by its own name")
  void staleness() {
    SharderBuilder builder = Sharder.builder("hub", store);
    Duration forever = Duration.ofSeconds(Long.MAX_VALUE);
    for (Duration wrong : List.of(Duration.ofMillis(9), Duration.ofSeconds(-1), forever)) {
      assertThatThrownBy(() -> builder.staleness(wrong))
          .isInstanceOf(InvalidValueException.class)
          .hasMessage(
              "staleness %s is out of range; use a duration from 10 ms to a hundred years", wrong);
    }
    for (Duration wrong : List.of(Duration.ofMillis(-1), forever)) {
      assertThatThrownBy(() -> builder.staleIfError(wrong))
          .isInstanceOf(InvalidValueException.class)
          .hasMessage(
              "staleIfError %s is out of range; use a duration from zero to a hundred years",
              wrong);
    }
    builder.staleness(Duration.ofMillis(10)).staleIfError(Duration.ZERO).build().close();
  }

  @Test
  @DisplayName(
      "why a thousand bins refuse an object is put into words when it is read, or serialized")
  void refusalsOfManyBins() {
    AtomicInteger asked = new AtomicInteger();
    BinPolicy policy =
        new BinPolicy() {
          @Override
          public BinLoad choose(AssignmentRequest request, List<BinLoad> open) {
            return open.get(0);
          }

          @Override
          public Optional<String> refusal(AssignmentRequest request, Bin bin) {
            asked.incrementAndGet();
            return Optional.empty();
          }
        };
    List<Bin> full =
        IntStream.range(0, 1_000).mapToObj(i -> Bin.of("hub-" + i).withCapacity(0)).toList();
    Sharder sharder = Sharder.builder("hub", store).bins(full).policy(policy).build();
    List<String> names = IntStream.range(0, 100).mapToObj(i -> "user-" + i).toList();
    assertThatThrownBy(() -> sharder.assignAll(names))
        .isInstanceOfSatisfying(
            NoOpenBinException.class,
            error -> {
              assertThat(asked).hasValueLessThanOrEqualTo(20 * names.size());
              int before = asked.get();
              assertThat(error.refusals().get("hub-99")).isEqualTo("is full (0 of 0)");
              assertThat(error.refusals().get("hub-1000")).isNull();
              assertThat(asked).hasValueLessThanOrEqualTo(before + 1);
              assertThat(error.refusals())
                  .hasSize(1_000)
                  .containsEntry("hub-7", "is full (0 of 0)");
              assertThat(copied(error).refusals()).isEqualTo(error.refusals());
            });
  }

  @Test
  @DisplayName("a policy may take most of the time for a list of objects, and all are placed")
  void slowPolicy() {
    BinPolicy slow =
        (request, open) -> {
          LockSupport.parkNanos(Duration.ofMillis(200).toNanos());
          return open.get(0);
        };
    Sharder sharder =
        Sharder.builder("hub", store)
            .bins("a")
            .policy(slow)
            .timeLimit(Duration.ofSeconds(4))
            .build();
    List<String> names = IntStream.range(0, 13).mapToObj(i -> "user-" + i).toList();
    assertThat(sharder.assignAll(names)).hasSize(13);
  }

  private static NoOpenBinException copied(NoOpenBinException error) {
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      new ObjectOutputStream(bytes).writeObject(error);
      return (NoOpenBinException)
          new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray())).readObject();
    } catch (IOException | ClassNotFoundException failure) {
      throw new IllegalStateException(failure);
    }
  }

  @Test
  @DisplayName("the error about a policy is one line, whatever the policy says")
  void linesOfAPolicy() {
    BinPolicy policy =
        (request, open) -> {
          throw new IllegalStateException("one\ntwo");
        };
    Sharder sharder = Sharder.builder("hub", store).bins("a").policy(policy).build();
    assertThatThrownBy(() -> sharder.assign("ada"))
        .isInstanceOf(PolicyException.class)
        .hasMessageContaining("IllegalStateException: one\\u000atwo; fix the policy");
  }

  @Test
  @DisplayName("labels and reasons are measured in characters, not in the units of UTF-16")
  void lengths() {
    String long1000 = "😀".repeat(1_000);
    assertThat(Bin.of("a").withLabels(Map.of("key", long1000)).labels()).containsValue(long1000);
    assertThat(new Note("ada", long1000).reason()).isEqualTo(long1000);
    assertThatThrownBy(() -> new Note("ada", long1000 + "😀"))
        .hasMessage("the reason has 1001 characters; use 1000 at most");
  }

  @Test
  @DisplayName("the error about a blank name is one line")
  void blankName() {
    assertThatThrownBy(() -> Bin.of("\n "))
        .hasMessage("bin name '\\u000a ' is blank; give it at least one visible character");
  }
}
