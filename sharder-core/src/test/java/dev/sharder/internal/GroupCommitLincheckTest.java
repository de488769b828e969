package dev.sharder.internal;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sharder.ClosedException;
import dev.sharder.StoreException;
import dev.sharder.TimeLimitException;
import dev.sharder.store.Deadline;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jetbrains.lincheck.LincheckAssertionError;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@DisplayName("Group commit under random scenarios of threads that ask, give up and close")
@Tag("lincheck")
class GroupCommitLincheckTest {

  private static final Duration LONG = Duration.ofMinutes(5);

  @Test
  @DisplayName("every caller gets the one answer that some order of all calls explains")
  void everyCallerGetsTheAnswerThatSomeOrderExplains() {
    check(Calls.class);
  }

  @Test
  @DisplayName("a table that two rounds may change at once is found out, so the check can fail")
  void twoRoundsAtOnceAreFoundOut() {
    assertThatThrownBy(() -> check(CallsWithoutGroup.class))
        .isInstanceOf(LincheckAssertionError.class);
  }

  private static void check(Class<?> calls) {
    new StressOptions()
        .iterations(15)
        .invocationsPerIteration(300)
        .threads(3)
        .actorsPerThread(4)
        .actorsBefore(1)
        .actorsAfter(1)
        .minimizeFailedScenario(false)
        .sequentialSpecification(InOrder.class)
        .check(calls);
  }

  /** What holds if calls come one after another; the group must look like it. */
  public static class InOrder {
    private final Map<Integer, Integer> numbers = new HashMap<>();
    private boolean closed;

    public String assign(int object) {
      return closed ? "closed" : numbers.computeIfAbsent(object, o -> numbers.size()).toString();
    }

    public String assignLater(int object) {
      return assign(object);
    }

    public String place(int object) {
      return assign(object);
    }

    public String find(int object) {
      return closed ? "closed" : String.valueOf(numbers.get(object));
    }

    public String assignTogether() {
      return closed ? "closed" : "in order";
    }

    public void giveUp() {}

    public void interrupted() {}

    public void close() {
      closed = true;
    }
  }

  /** The calls, with a table of which only rounds that run one at a time can make sense. */
  public static class Calls {

    private static final AtomicInteger FRESH = new AtomicInteger();

    private final Map<Integer, Integer> numbers = new HashMap<>();
    private int count;
    private int stamps;
    private final GroupCommit<Integer, Integer> group =
        new GroupCommit<>(
            "the group",
            Function.identity(),
            List.of(
                (objects, deadline) -> object -> Optional.ofNullable(known(object)),
                this::placeAll),
            ForkJoinPool.commonPool());

    synchronized Integer known(int object) {
      return numbers.get(object);
    }

    Function<Integer, Optional<Integer>> placeAll(List<Integer> objects, Deadline deadline) {
      if (deadline.hasPassed()) {
        throw new TimeLimitException(deadline.limit(), "the time is up", null);
      }
      if (Thread.currentThread().isInterrupted()) {
        throw new StoreException("interrupted", null);
      }
      Map<Integer, Integer> answers = new HashMap<>();
      for (int object : objects) {
        answers.put(object, object < 0 ? stamp() : number(object));
      }
      return object -> Optional.ofNullable(answers.get(object));
    }

    /** In three steps, so that another round between them is found out. */
    private int number(int object) {
      Integer known = known(object);
      if (known != null) {
        return known;
      }
      int number = count;
      Thread.yield();
      count = number + 1;
      synchronized (this) {
        numbers.put(object, number);
      }
      return number;
    }

    private int stamp() {
      int stamp = stamps;
      Thread.yield();
      stamps = stamp + 1;
      return stamp;
    }

    Optional<Integer> call(int object, Duration limit, int first, int end) {
      return group.call(object, Deadline.in(limit), first, end);
    }

    private static String text(Optional<Integer> answer) {
      return String.valueOf(answer.orElse(null));
    }

    private String outcome(int object, int first, int end) {
      try {
        return text(call(object, LONG, first, end));
      } catch (ClosedException closed) {
        return "closed";
      }
    }

    private static int fresh() {
      return -FRESH.incrementAndGet();
    }

    @Operation
    public String assign(@Param(gen = IntGen.class, conf = "0:2") int object) {
      return outcome(object, 0, 2);
    }

    @Operation
    public String place(@Param(gen = IntGen.class, conf = "0:2") int object) {
      return outcome(object, 1, 2);
    }

    @Operation
    public String find(@Param(gen = IntGen.class, conf = "0:2") int object) {
      return outcome(object, 0, 1);
    }

    @Operation
    public String assignLater(@Param(gen = IntGen.class, conf = "0:2") int object) {
      try {
        return text(group.callAsync(object, Deadline.in(LONG), 0, 2).join());
      } catch (ClosedException closed) {
        return "closed";
      } catch (CompletionException failure) {
        return failure.getCause() instanceof ClosedException ? "closed" : failure.toString();
      }
    }

    /** Two new objects that no one else requests, together. */
    @Operation
    public String assignTogether() {
      try {
        List<CompletableFuture<Optional<Integer>>> answers =
            group.callAsync(List.of(fresh(), fresh()), Deadline.in(LONG), 0, 2);
        int one = answers.get(0).join().orElseThrow();
        int other = answers.get(1).join().orElseThrow();
        return one < other ? "in order" : one + " before " + other;
      } catch (ClosedException closed) {
        return "closed";
      } catch (CompletionException failure) {
        return failure.getCause() instanceof ClosedException ? "closed" : failure.toString();
      }
    }

    /** One whose time may be up anywhere on the way. */
    @Operation
    public void giveUp() {
      try {
        call(fresh(), Duration.ofNanos(20_000), 0, 2);
      } catch (TimeLimitException | ClosedException expected) {
        // Either is right, as is an answer.
      }
    }

    @Operation
    public void interrupted() {
      Thread.currentThread().interrupt();
      try {
        call(fresh(), LONG, 0, 2);
      } catch (StoreException | ClosedException expected) {
        // Either is right, as is an answer.
      } finally {
        Thread.interrupted();
      }
    }

    @Operation(runOnce = true)
    public void close() {
      group.refuse();
    }
  }

  /** The same without rounds: each caller changes the table alone. */
  public static class CallsWithoutGroup extends Calls {
    @Override
    Optional<Integer> call(int object, Duration limit, int first, int end) {
      return end == 1
          ? Optional.ofNullable(known(object))
          : placeAll(List.of(object), Deadline.in(limit)).apply(object);
    }
  }
}
