package dev.sharder.examples.hub.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("A repeated task")
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RepeatedTaskTest {

  private static final Duration PAUSE = Duration.ofMillis(1);

  private final CountDownLatch times = new CountDownLatch(6);
  private final List<String> failures = new CopyOnWriteArrayList<>();

  /** Succeeds the third time, and from the sixth on. */
  private void run() {
    long left = times.getCount();
    times.countDown();
    if (left == 6 || left == 3) {
      throw new OutOfMemoryError("this test wants it, with " + left + " to go");
    } else if (left == 5 || left == 2) {
      throw new IllegalStateException("this test wants it, with " + left + " to go");
    }
  }

  @Test
  @DisplayName("goes on after a failure of any kind, and reports the first of several in a row")
  void failures() throws Exception {
    try (RepeatedTask task =
        new RepeatedTask("test", this::run, failure -> failures.add(failure.getMessage()))) {
      task.every(PAUSE);
      assertThat(times.await(20, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(failures)
        .containsExactly("this test wants it, with 6 to go", "this test wants it, with 3 to go");
  }

  @Test
  @DisplayName("is done soon where that is asked for, and never after its end")
  void soon() throws Exception {
    CountDownLatch done = new CountDownLatch(1);
    RepeatedTask task = new RepeatedTask("test", done::countDown, failure -> {});
    task.soon();
    assertThat(done.await(20, TimeUnit.SECONDS)).isTrue();
    task.close();
    task.soon();
  }
}
