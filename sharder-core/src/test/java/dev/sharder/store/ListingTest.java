package dev.sharder.store;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sharder.InvalidValueException;
import dev.sharder.admin.Plan;
import dev.sharder.admin.ShardAdmin;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ListingTest {

  @ParameterizedTest
  @ValueSource(ints = {0, -1, Integer.MIN_VALUE})
  @DisplayName("a listing and a check of the data refuse a limit below 1")
  void limits(int limit) {
    ShardAdmin admin = ShardAdmin.builder("hub", AssignmentStore.inMemory()).build();
    assertThatThrownBy(() -> Listing.all(limit))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("a listing has a limit of %d; use 1 or more".formatted(limit));
    assertThatThrownBy(() -> admin.verify(limit))
        .isInstanceOf(InvalidValueException.class)
        .hasMessage("verify has a limit of %d; use 1 or more".formatted(limit));
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1})
  @DisplayName("a holding and a flow of no units, or of units of no size, are refused")
  void nothing(long none) {
    for (long[] wrong : new long[][] {{none, 1}, {1, none}}) {
      assertThatThrownBy(() -> new Holding("a", wrong[0], wrong[1]))
          .isInstanceOf(InvalidValueException.class)
          .hasMessageStartingWith("bin 'a' has %d units of size %d", wrong[1], wrong[0]);
      assertThatThrownBy(() -> new Plan.Flow("a", "b", wrong[0], wrong[1]))
          .isInstanceOf(InvalidValueException.class)
          .hasMessageStartingWith("a flow from 'a' to 'b' has %d units", wrong[1]);
    }
  }
}
