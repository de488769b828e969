package dev.sharder.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sharder.Assignment;
import dev.sharder.Sharder;
import dev.sharder.admin.Move;
import dev.sharder.admin.MoveMode;
import dev.sharder.admin.Note;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.store.AssignmentStore;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.AbstractCollection;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("A move that comes while an answer is on its way into memory")
class AnswerCacheRaceTest {

  private static final String KIND = "hub";
  private static final String OBJECT = "ada";
  private static final Note NOTE = new Note("test", "");

  /** So that nothing is dropped but what this process moves. */
  private static final Duration NEVER = Duration.ofDays(30_000);

  /** Between which steps of a call that finds the object the move comes. */
  private enum Moment {
    BEFORE_THE_STORE_IS_ASKED,
    ONCE_THE_STORE_HAS_ANSWERED,
    JUST_BEFORE_THE_ANSWER_IS_KEPT,
    ONCE_THE_ANSWER_IS_KEPT
  }

  private final AssignmentStore memory = AssignmentStore.inMemory();
  private final AssignmentStore store =
      (AssignmentStore)
          Proxy.newProxyInstance(
              AssignmentStore.class.getClassLoader(),
              new Class<?>[] {AssignmentStore.class},
              (proxy, method, arguments) -> call(method, arguments));
  private final Sharder sharder =
      Sharder.builder(KIND, store).bins("hub-1", "hub-2").staleness(NEVER).build();
  private final ShardAdmin admin = ShardAdmin.builder(KIND, store).build();

  /** What is to happen, once, and when. */
  private Moment moment = Moment.ONCE_THE_ANSWER_IS_KEPT;

  private Runnable step = () -> {};

  @BeforeEach
  void assignAndForget() {
    assertThat(sharder.assign(OBJECT).bin()).isEqualTo("hub-1");
    move("hub-2");
  }

  @AfterEach
  void close() {
    sharder.close();
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("leaves no answer there from before it")
  void leavesNoAnswerFromBeforeIt(Moment when) {
    moment = when;
    step = () -> move("hub-1");
    sharder.find(OBJECT);
    assertThat(sharder.find(OBJECT).orElseThrow().bin()).isEqualTo("hub-1");
  }

  private void move(String bin) {
    admin.move(Move.of(OBJECT, bin), MoveMode.CHECKED, NOTE);
  }

  private void pass(Moment now) {
    if (now == moment) {
      Runnable once = step;
      step = () -> {};
      once.run();
    }
  }

  /** The store in memory, which lets the move in at its moment. */
  private Object call(Method method, Object[] arguments) throws Throwable {
    boolean finds = method.getName().equals("find");
    if (finds) {
      pass(Moment.BEFORE_THE_STORE_IS_ASKED);
    }
    Object answer;
    try {
      answer = method.invoke(memory, arguments);
    } catch (InvocationTargetException failure) {
      throw failure.getCause();
    }
    if (!finds) {
      return answer;
    }
    pass(Moment.ONCE_THE_STORE_HAS_ANSWERED);
    @SuppressWarnings("unchecked")
    Map<String, Assignment> found = (Map<String, Assignment>) answer;
    return new Watched(found);
  }

  /**
   * Found assignments that notice when they are read one by one, as the cache does to keep them.
   */
  private final class Watched extends HashMap<String, Assignment> {
    private static final long serialVersionUID = 1L;

    Watched(Map<String, Assignment> found) {
      super(found);
    }

    @Override
    public Collection<Assignment> values() {
      Collection<Assignment> values = super.values();
      return new AbstractCollection<>() {
        @Override
        public Iterator<Assignment> iterator() {
          return watched(values.iterator());
        }

        @Override
        public int size() {
          return values.size();
        }
      };
    }

    private Iterator<Assignment> watched(Iterator<Assignment> each) {
      return new Iterator<>() {
        @Override
        public boolean hasNext() {
          if (!each.hasNext()) {
            pass(Moment.ONCE_THE_ANSWER_IS_KEPT);
          }
          return each.hasNext();
        }

        @Override
        public Assignment next() {
          pass(Moment.JUST_BEFORE_THE_ANSWER_IS_KEPT);
          return each.next();
        }
      };
    }
  }
}
