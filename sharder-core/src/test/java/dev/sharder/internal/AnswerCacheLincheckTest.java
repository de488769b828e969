package dev.sharder.internal;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sharder.Assignment;
import dev.sharder.Sharder;
import dev.sharder.SharderException;
import dev.sharder.admin.Move;
import dev.sharder.admin.MoveMode;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.store.AssignmentStore;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jetbrains.lincheck.LincheckAssertionError;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@DisplayName("Answers in memory under random scenarios of threads that ask and move")
@Tag("lincheck")
class AnswerCacheLincheckTest {

  @Test
  @DisplayName("no answer is from before a move that had returned when it was asked for")
  void noAnswerIsFromBeforeAMoveThatHadReturned() {
    check(Calls.class);
  }

  @Test
  @DisplayName("the check can fail: it detects a sharder that misses moves")
  void aSharderThatIsNotToldIsFoundOut() {
    assertThatThrownBy(() -> check(CallsOfStrangers.class))
        .isInstanceOf(LincheckAssertionError.class);
  }

  private static void check(Class<?> calls) {
    new StressOptions()
        .iterations(6)
        .invocationsPerIteration(250)
        .threads(3)
        .actorsPerThread(4)
        .actorsBefore(1)
        .actorsAfter(1)
        .minimizeFailedScenario(false)
        .sequentialSpecification(NeverStale.class)
        .check(calls);
  }

  /** What is promised of every answer. */
  public static class NeverStale {
    public boolean find() {
      return true;
    }

    public boolean assign() {
      return true;
    }

    public void move() {}
  }

  /** One object of its own for each scenario, over one sharder. */
  public static class Calls {

    private static final String KIND = "hub";
    private static final Note NOTE = new Note("test", "");

    /** So that nothing is dropped but what this process moves. */
    private static final Duration NEVER = Duration.ofDays(30_000);

    private static final AtomicInteger OBJECTS = new AtomicInteger();
    private static final AssignmentStore STORE = AssignmentStore.inMemory();
    private static final Sharder SHARDER =
        Sharder.builder(KIND, STORE).bins("hub-1", "hub-2").staleness(NEVER).build();

    private final String object = "user-" + OBJECTS.incrementAndGet();
    private final AtomicLong returned =
        new AtomicLong(SHARDER.assign(object).assignment().version());

    /** Moves as this process does, so that its caches know. */
    ShardAdmin admin() {
      return ShardAdmin.builder(KIND, STORE).build();
    }

    /** Moves as another process does, of which caches hear later. */
    static ShardAdmin stranger() {
      Object elsewhere =
          Proxy.newProxyInstance(
              AssignmentStore.class.getClassLoader(),
              new Class<?>[] {AssignmentStore.class},
              (proxy, method, arguments) -> method.invoke(STORE, arguments));
      return ShardAdmin.builder(KIND, (AssignmentStore) elsewhere).build();
    }

    @Operation
    public boolean find() {
      long atLeast = returned.get();
      return SHARDER.find(object).orElseThrow().version() >= atLeast;
    }

    @Operation
    public boolean assign() {
      long atLeast = returned.get();
      return SHARDER.assign(object).assignment().version() >= atLeast;
    }

    @Operation
    public void move() {
      String to = admin().find(object).orElseThrow().bin().equals("hub-1") ? "hub-2" : "hub-1";
      try {
        Assignment moved = admin().move(Move.of(object, to), MoveMode.CHECKED, NOTE);
        returned.accumulateAndGet(moved.version(), Math::max);
      } catch (SharderException movedMeanwhile) {
        // By another thread, which says so itself.
      }
    }
  }

  /** The same, with moves of which the cache does not hear. */
  public static class CallsOfStrangers extends Calls {
    @Override
    ShardAdmin admin() {
      return stranger();
    }
  }
}
