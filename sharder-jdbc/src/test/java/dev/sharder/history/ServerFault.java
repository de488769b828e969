package dev.sharder.history;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import org.jdbi.v3.core.Handle;

/** Temporary faults of a database server, of the network before it, and of its users. */
enum ServerFault {
  PROGRAM_KILLED {
    @Override
    void strike(AttackedServer on, Random random) throws Exception {
      on.fixture().killFirst();
    }
  },
  SERVER_KILLED {
    @Override
    void strike(AttackedServer on, Random random) throws Exception {
      on.server().kill();
      FaultRoundFixture.pause(Duration.ofMillis(random.nextInt(1_000)));
      on.server().startAgain();
    }
  },
  SESSIONS_ENDED {
    @Override
    void strike(AttackedServer on, Random random) throws Exception {
      for (int i = 0; i < 5; i++) {
        on.endSessions(0.5);
        FaultRoundFixture.pause(Duration.ofMillis(random.nextInt(300)));
      }
    }
  },
  CONNECTIONS_CUT {
    @Override
    void strike(AttackedServer on, Random random) throws Exception {
      for (int i = 0; i < 5; i++) {
        on.network().cut(random);
        FaultRoundFixture.pause(Duration.ofMillis(random.nextInt(300)));
      }
    }
  },
  COMMIT_ANSWERS_LOST {
    @Override
    void strike(AttackedServer on, Random random) throws Exception {
      on.network().cutAtCommits(6);
      long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
      while (on.network().commitsToCut() > 0 && System.nanoTime() < end) {
        FaultRoundFixture.pause(Duration.ofMillis(10));
      }
      assertThat(on.network().commitsToCut()).isZero();
    }
  },
  CONNECTIONS_SILENT {
    @Override
    void strike(AttackedServer on, Random random) throws Exception {
      on.network().closeSilent();
      on.network().silence();
      FaultRoundFixture.pause(FaultRoundFixture.OUTAGE);
    }
  },
  NETWORK_SILENT {
    @Override
    void strike(AttackedServer on, Random random) throws Exception {
      on.network().closeSilent();
      on.network().silenceAll();
      FaultRoundFixture.pause(FaultRoundFixture.OUTAGE);
      on.network().speak();
    }
  },
  PROGRAM_SUSPENDED {
    @Override
    void strike(AttackedServer on, Random random) throws Exception {
      on.fixture().suspendFirst(FaultRoundFixture.OUTAGE);
    }
  },
  SERVER_SUSPENDED {
    @Override
    void strike(AttackedServer on, Random random) throws Exception {
      on.server().stop();
      try {
        FaultRoundFixture.pause(FaultRoundFixture.OUTAGE);
      } finally {
        on.server().goOn();
      }
    }
  },
  READ_ONLY {
    @Override
    void strike(AttackedServer on, Random random) throws Exception {
      on.refuseWrites();
      try {
        FaultRoundFixture.pause(Duration.ofMillis(500 + random.nextInt(1_500)));
      } finally {
        on.acceptWrites();
      }
    }
  },
  KIND_LOCKED {
    @Override
    void strike(AttackedServer on, Random random) throws Exception {
      try (Handle operator = on.operator()) {
        operator.begin();
        operator
            .select(
                "SELECT revision FROM sharder_kind WHERE kind = ? FOR UPDATE",
                on.fixture().history().workload().kind())
            .mapTo(Long.class)
            .one();
        FaultRoundFixture.pause(FaultRoundFixture.LONG_LOCK);
        operator.rollback();
      }
    }
  },
  CALLERS_INTERRUPTED {
    @Override
    void strike(AttackedServer on, Random random) throws Exception {
      on.fixture().interrupt(150, random);
    }
  };

  /** Lets the fault occur and end. */
  abstract void strike(AttackedServer on, Random random) throws Exception;

  boolean isSuspension() {
    return this == PROGRAM_SUSPENDED;
  }
}
