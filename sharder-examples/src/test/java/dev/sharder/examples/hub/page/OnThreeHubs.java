package dev.sharder.examples.hub.page;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;

/** The operators' page of three hubs, in a window of the usual size. */
abstract class OnThreeHubs extends InChromium {

  @BeforeEach
  void start() throws Exception {
    startApi("hub-3");
    open(1200, 900);
  }

  void assertNoComplaints() {
    assertThat(opened.complaints()).isEmpty();
  }
}
