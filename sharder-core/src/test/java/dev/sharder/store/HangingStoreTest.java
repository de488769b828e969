package dev.sharder.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectNestedMethod;

import dev.sharder.Assignment;
import dev.sharder.admin.Finding;
import dev.sharder.contract.AssignmentStoreContract;
import dev.sharder.contract.ForwardingStore;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;

/** A store that hangs fails the contract, and does not hang the build. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HangingStoreTest {

  private static final String GROUP = AssignmentStoreContract.class.getName() + "$PlacingTests";

  /** The call that does not return. */
  enum Call {
    OPEN,
    FIND,
    VERIFY,
    CLOSE
  }

  private static volatile Call hanging = Call.OPEN;
  private static volatile CountDownLatch end = new CountDownLatch(1);

  /** Not discovered, because it is neither at the top level nor marked as nested. */
  @Timeout(value = 1, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  static class HangingContract extends AssignmentStoreContract {
    @Override
    protected AssignmentStore newStore() {
      hangIn(Call.OPEN);
      return new HangingStore();
    }
  }

  private static final class HangingStore extends ForwardingStore {
    HangingStore() {
      super(AssignmentStore.inMemory());
    }

    @Override
    public Map<String, Assignment> find(
        String kind, Collection<String> objects, Deadline deadline) {
      hangIn(Call.FIND);
      return super.find(kind, objects, deadline);
    }

    @Override
    public List<Finding> verify(String kind, int limit, Deadline deadline) {
      hangIn(Call.VERIFY);
      return super.verify(kind, limit, deadline);
    }

    @Override
    public void close() {
      hangIn(Call.CLOSE);
      super.close();
    }
  }

  private static void hangIn(Call call) {
    while (call == hanging && end.getCount() > 0) {
      try {
        end.await();
      } catch (InterruptedException ignored) {
        // As a thread that waits for a socket or a monitor ignores it.
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  @DisplayName("a test of the contract fails and ends although the store hangs")
  void failsAndEnds(Call call) {
    hanging = call;
    end = new CountDownLatch(1);
    LauncherDiscoveryRequest oneTest =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(
                selectNestedMethod(List.of(HangingContract.class.getName()), GROUP, "sameBin"))
            .build();
    SummaryGeneratingListener summary = new SummaryGeneratingListener();
    try {
      LauncherFactory.create().execute(oneTest, summary);
    } finally {
      end.countDown();
    }
    assertThat(summary.getSummary().getTestsFailedCount()).isEqualTo(1);
    assertThat(summary.getSummary().getFailures())
        .singleElement()
        .satisfies(
            failure -> assertThat(failure.getException()).hasMessageContaining("timed out after"));
  }
}
