package dev.sharder.store;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sharder.InvalidValueException;
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
}
