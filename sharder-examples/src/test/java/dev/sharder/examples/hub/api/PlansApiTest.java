package dev.sharder.examples.hub.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.sharder.AssignmentRequest;
import dev.sharder.Bin;
import dev.sharder.BinLoad;
import dev.sharder.BinPolicy;
import dev.sharder.RefusedException;
import dev.sharder.Sharder;
import dev.sharder.admin.Note;
import dev.sharder.admin.PlanOptions;
import dev.sharder.admin.ShardAdmin;
import dev.sharder.store.AssignmentStore;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("When a plan is applied in parts,")
class PlansApiTest {

  private static final Note NOTE = new Note("someone else", "");

  private final AssignmentStore store = AssignmentStore.inMemory();
  private final ShardAdmin admin = ShardAdmin.builder("hub", store).build();
  private Sharder sharder;

  @BeforeEach
  void fill() {
    sharder = Sharder.builder("hub", store).bins("a").build();
    sharder.assignAll(List.of("ada", "bob", "cyd", "dan"));
    admin.addBin(Bin.of("b"), NOTE);
  }

  @AfterEach
  void close() {
    sharder.close();
    store.close();
  }

  private PlansApi plans(BinPolicy policy) {
    SharderRegistry.UserKind users =
        new SharderRegistry.UserKind(sharder, name -> {}, false, bin -> Optional.empty());
    return new PlansApi(new SharderRegistry(store, kind -> policy, users, List.of()));
  }

  private static PlanJson applyOne(PlansApi plans, PlanJson plan) throws Exception {
    String body = new JsonMapper().writeValueAsString(Map.of("plan", plan, "limit", 1));
    ApiRequest request =
        new ApiRequest(
            Map.of("kind", "hub"), Map.of(), body, false, Optional.of("operator"), Runnable::run);
    return ((PlansApi.Done) plans.apply(request).content()).plan();
  }

  @Test
  @DisplayName("the next part follows on the one before")
  void parts() throws Exception {
    PlansApi plans = plans(BinPolicy.emptiest());
    PlanJson rest = applyOne(plans, PlanJson.of(admin.planRebalance(PlanOptions.ALL)));
    applyOne(plans, rest);
    assertThat(admin.bins()).extracting(BinLoad::assigned).containsExactly(2L, 2L);
  }

  @Test
  @DisplayName("a change that comes while a part selects its objects refuses the next part")
  void changedMeanwhile() throws Exception {
    PlansApi plans = plans(new ChangingPolicy());
    PlanJson rest = applyOne(plans, PlanJson.of(admin.planRebalance(PlanOptions.ALL)));
    assertThatThrownBy(() -> applyOne(plans, rest))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("changed since the plan was made");
  }

  /** Changes a bin as another operator does, when it is first asked about an object. */
  private final class ChangingPolicy implements BinPolicy {
    private boolean changed;

    @Override
    public BinLoad choose(AssignmentRequest request, List<BinLoad> open) {
      return BinPolicy.emptiest().choose(request, open);
    }

    @Override
    public Optional<String> refusal(AssignmentRequest request, Bin bin) {
      if (!changed) {
        changed = true;
        admin.changeBin("b", one -> one.withOffset(3), NOTE);
      }
      return Optional.empty();
    }
  }
}
