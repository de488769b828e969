package dev.sharder.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.sharder.ClosedException;
import dev.sharder.admin.Finding;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.store.AssignmentStore;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.function.ThrowingSupplier;

/**
 * What every store promises, in a group of tests for each promise. A store is right when a subclass
 * that returns it passes:
 *
 * <pre>{@code
 * class MyStoreTest extends AssignmentStoreContract {
 *   @Override
 *   protected AssignmentStore newStore() {
 *     return new MyStore(anEmptyDatabase());
 *   }
 * }
 * }</pre>
 *
 * <p>The largest tests keep 50,000 objects. Calls place up to 20,000 of them under the default time
 * limit of a sharder, 10 s, while two other callers do the same, and 2,000 moves are planned and
 * applied within a minute.
 *
 * <p>A test fails after 5 minutes, and so does opening, verifying or closing its store, even if the
 * store hangs and ignores interrupts: each of them runs in a thread of its own. A subclass changes
 * the limit with a {@link Timeout} of its own, which must keep the thread mode {@code
 * SEPARATE_THREAD}.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class AssignmentStoreContract {

  AssignmentStore store;

  /** After every test, the data of kind {@code hub} must keep every promise. */
  @RegisterExtension
  final AfterTestExecutionCallback nothingIsWrongAfterwards =
      context -> {
        if (context.getExecutionException().isEmpty()) {
          assertThat(withinTheLimit(this::findings)).isEmpty();
        }
      };

  /** Returns a store that holds nothing yet; called before each test. The contract closes it. */
  protected abstract AssignmentStore newStore() throws Exception;

  /** Returns how many random histories are played; fewer than the default prove less. */
  protected int histories() {
    return 200;
  }

  @BeforeEach
  void openStore() {
    store = withinTheLimit(this::newStore);
  }

  @AfterEach
  void closeStore() {
    // It is null if it could not be opened.
    if (store != null) {
      withinTheLimit(
          () -> {
            store.close();
            return store;
          });
    }
  }

  /**
   * JUnit applies the limit of a class to its tests, but not to what runs before and after them.
   */
  private <T> T withinTheLimit(ThrowingSupplier<T> call) {
    Timeout limit = getClass().getAnnotation(Timeout.class);
    return assertTimeoutPreemptively(Duration.of(limit.value(), limit.unit().toChronoUnit()), call);
  }

  @Nested
  @DisplayName("An object is placed once and keeps its bin")
  class PlacingTests extends PlacingPromises {}

  @Nested
  @DisplayName("Bins fill up evenly")
  class FairnessTests extends FairnessPromises {}

  @Nested
  @DisplayName("Names are exact text")
  class NameTests extends NamePromises {}

  @Nested
  @DisplayName("Bins are added, changed, closed and opened")
  class BinTests extends BinPromises {}

  @Nested
  @DisplayName("Declared bins become the bins of the kind")
  class DeclarationTests extends DeclarationPromises {}

  @Nested
  @DisplayName("Policies choose bins and explain their choices")
  class PolicyTests extends PolicyPromises {}

  @Nested
  @DisplayName("Groups share a bin, and sizes add up")
  class GroupTests extends GroupPromises {}

  @Nested
  @DisplayName("Rosters are placed chunk by chunk")
  class RosterTests extends RosterPromises {}

  @Nested
  @DisplayName("Moves and removals keep versions and counters right")
  class MoveTests extends MovePromises {}

  @Nested
  @DisplayName("Assignments made elsewhere are adopted")
  class AdoptionTests extends AdoptionPromises {}

  @Nested
  @DisplayName("Every change is recorded")
  class ChangeTests extends ChangePromises {}

  @Nested
  @DisplayName("Kinds and assignments are listed, verified and repaired")
  class ListingTests extends ListingPromises {}

  @Nested
  @DisplayName("Plans come true")
  class PlanTests extends PlanPromises {}

  @Nested
  @DisplayName("Planned moves are applied once")
  class ApplyTests extends ApplyPromises {}

  @Nested
  @DisplayName("Caches learn of every change")
  class CacheTests extends CachePromises {}

  @Nested
  @DisplayName("Many callers at once get right answers")
  class ConcurrencyTests extends ConcurrencyPromises {}

  @Nested
  @DisplayName("Random histories go as in a model")
  class RandomHistoryTests extends RandomHistoryPromises {}

  private List<Finding> findings() {
    try {
      return ShardAdmin.builder("hub", store).build().verify(10);
    } catch (ClosedException closedByTheTest) {
      return List.of();
    }
  }
}
