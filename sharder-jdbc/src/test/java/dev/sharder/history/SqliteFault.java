package dev.sharder.history;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/** Temporary faults of a SQLite file, of its disk, and of the programs that use it. */
enum SqliteFault {
  PROGRAM_KILLED {
    @Override
    void strike(FaultRoundFixture on, Path disk, Random random) throws Exception {
      on.killFirst();
    }
  },
  PROGRAM_SUSPENDED {
    @Override
    void strike(FaultRoundFixture on, Path disk, Random random) throws Exception {
      on.suspendFirst(FaultRoundFixture.OUTAGE);
    }
  },
  LOCKED_BY_ANOTHER {
    @Override
    void strike(FaultRoundFixture on, Path disk, Random random) throws Exception {
      try (Handle other = Jdbi.open(on.directUrl())) {
        other.execute("PRAGMA busy_timeout = 20000");
        other.execute("BEGIN EXCLUSIVE");
        FaultRoundFixture.pause(FaultRoundFixture.LONG_LOCK);
        other.execute("ROLLBACK");
      }
    }
  },
  DISK_FULL {
    @Override
    void strike(FaultRoundFixture on, Path disk, Random random) throws Exception {
      Path filler = disk.resolve("filler");
      fill(filler);
      FaultRoundFixture.pause(FaultRoundFixture.OUTAGE);
      Files.delete(filler);
    }
  },
  CALLERS_INTERRUPTED {
    @Override
    void strike(FaultRoundFixture on, Path disk, Random random) throws Exception {
      on.interrupt(150, random);
    }
  };

  /** Lets the fault occur and end. */
  abstract void strike(FaultRoundFixture on, Path disk, Random random) throws Exception;

  boolean isSuspension() {
    return this == PROGRAM_SUSPENDED;
  }

  private static void fill(Path filler) throws IOException {
    byte[] block = new byte[4096];
    try (OutputStream out = Files.newOutputStream(filler)) {
      while (true) {
        out.write(block);
      }
    } catch (IOException full) {
      assertThat(Files.size(filler)).isPositive();
    }
  }
}
