package dev.sharder.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectPackage;

import dev.sharder.contract.AssignmentStoreContract;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.platform.launcher.TestPlan;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** What the authors of stores get in the test-jar. */
class ContractPackageTest {

  @Test
  @DisplayName(
      "the contract's package has no test that runs unless the author of a store extends it")
  void nothingRunsByItself() {
    assertThat(plan(AssignmentStoreContract.class.getPackageName()).containsTests()).isFalse();
    assertThat(plan(ContractPackageTest.class.getPackageName()).containsTests()).isTrue();
  }

  private static TestPlan plan(String packageName) {
    return LauncherFactory.create()
        .discover(
            LauncherDiscoveryRequestBuilder.request()
                .selectors(selectPackage(packageName))
                .build());
  }
}
